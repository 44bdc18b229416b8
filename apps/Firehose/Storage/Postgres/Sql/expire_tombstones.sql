DELETE FROM tombstones WHERE uri IN (SELECT uri FROM tombstones WHERE expires_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)
