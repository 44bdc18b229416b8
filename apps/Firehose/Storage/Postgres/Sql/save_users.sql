INSERT INTO users AS u (did, handle, status, indexed_at)
SELECT * FROM unnest($1, $2, $3, $4)
ON CONFLICT (did) DO UPDATE SET
    handle = coalesce(excluded.handle, u.handle), status = excluded.status, indexed_at = greatest(u.indexed_at, excluded.indexed_at)
