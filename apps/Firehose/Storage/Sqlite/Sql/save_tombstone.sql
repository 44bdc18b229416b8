INSERT INTO tombstones (uri, rev, expires_at) VALUES (?1, ?2, ?3)
ON CONFLICT (uri) DO UPDATE SET rev = excluded.rev, expires_at = excluded.expires_at WHERE excluded.rev > rev;
