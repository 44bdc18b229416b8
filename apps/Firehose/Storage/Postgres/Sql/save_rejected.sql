INSERT INTO rejected_records (uri, rev, delivery, reason, expires_at)
SELECT n.uri, n.rev, n.delivery, n.reason, $5 FROM unnest($1, $2, $3, $4) AS n (uri, rev, delivery, reason)
ON CONFLICT (uri, rev) DO UPDATE SET delivery = excluded.delivery, reason = excluded.reason, expires_at = excluded.expires_at
