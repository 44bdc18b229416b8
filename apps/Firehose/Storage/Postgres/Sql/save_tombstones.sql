INSERT INTO tombstones AS t (uri, rev, expires_at)
SELECT d.uri, d.rev, $3 FROM unnest($1, $2) AS d (uri, rev)
ON CONFLICT (uri) DO UPDATE SET rev = excluded.rev, expires_at = excluded.expires_at WHERE excluded.rev > t.rev
