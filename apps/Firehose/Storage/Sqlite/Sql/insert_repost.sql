INSERT INTO reposts (uri, cid, actor, subject_uri, subject_cid, created_at, rev, indexed_at, counted)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NOT EXISTS (SELECT 1 FROM reposts WHERE subject_uri = ?4 AND actor = ?3))
ON CONFLICT (uri) DO NOTHING
RETURNING counted;
