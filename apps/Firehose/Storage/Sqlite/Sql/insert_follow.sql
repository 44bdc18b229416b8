INSERT INTO follows (uri, cid, actor, subject_did, created_at, rev, counted)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, NOT EXISTS (SELECT 1 FROM follows WHERE subject_did = ?4 AND actor = ?3))
ON CONFLICT (uri) DO NOTHING
RETURNING counted;
