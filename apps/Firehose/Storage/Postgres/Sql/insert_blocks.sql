INSERT INTO blocks (uri, cid, actor, subject_did, created_at, rev)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
ON CONFLICT (uri) DO NOTHING
RETURNING uri
