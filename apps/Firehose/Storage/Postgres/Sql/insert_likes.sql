-- candidate: the first of its pair in this batch; it counts unless an older one is here. (Not EXISTS, which may be planned as a hash of the whole table.)
INSERT INTO likes (uri, cid, actor, subject_uri, subject_cid, created_at, rev, counted)
SELECT n.uri, n.cid, n.actor, n.subject_uri, n.subject_cid, n.created_at, n.rev,
    n.candidate AND (SELECT true FROM likes o WHERE o.subject_uri = n.subject_uri AND o.actor = n.actor LIMIT 1) IS NULL
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
    AS n (uri, cid, actor, subject_uri, subject_cid, created_at, rev, candidate)
ON CONFLICT (uri) DO NOTHING
RETURNING uri, counted
