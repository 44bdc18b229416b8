INSERT INTO users (did, handle, status, indexed_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (did) DO UPDATE SET
    handle = coalesce(excluded.handle, handle), status = excluded.status, indexed_at = max(indexed_at, excluded.indexed_at);
