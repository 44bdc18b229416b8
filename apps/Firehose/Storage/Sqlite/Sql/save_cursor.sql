INSERT INTO relay_cursors (host, seq, saved_at) VALUES (?1, ?2, ?3)
ON CONFLICT (host) DO UPDATE SET seq = excluded.seq, saved_at = excluded.saved_at;
