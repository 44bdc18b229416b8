INSERT INTO rejected_records (uri, rev, delivery, reason, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (uri, rev) DO UPDATE SET delivery = excluded.delivery, reason = excluded.reason, expires_at = excluded.expires_at;
