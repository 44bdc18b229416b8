-- candidate: the first of its pair in this batch; it counts unless an older one is here. (Not EXISTS, which may be planned as a hash of the whole table.)
INSERT INTO reposts (uri, cid, actor, subject_uri, subject_cid, created_at, rev, indexed_at, counted)
SELECT n.uri, n.cid, n.actor, n.subject_uri, n.subject_cid, n.created_at, n.rev, n.indexed_at,
    n.candidate AND (SELECT true FROM reposts o WHERE o.subject_uri = n.subject_uri AND o.actor = n.actor LIMIT 1) IS NULL
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
    AS n (uri, cid, actor, subject_uri, subject_cid, created_at, rev, indexed_at, candidate)
ON CONFLICT (uri) DO NOTHING
RETURNING uri, counted
