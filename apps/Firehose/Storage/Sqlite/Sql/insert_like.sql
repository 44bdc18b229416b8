INSERT INTO likes (uri, cid, actor, subject_uri, subject_cid, created_at, rev, counted)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NOT EXISTS (SELECT 1 FROM likes WHERE subject_uri = ?4 AND actor = ?3))
ON CONFLICT (uri) DO NOTHING
RETURNING counted;
