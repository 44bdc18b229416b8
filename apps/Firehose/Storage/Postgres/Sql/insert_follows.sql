-- candidate: the first of its pair in this batch; it counts unless an older one is here. (Not EXISTS, which may be planned as a hash of the whole table.)
INSERT INTO follows (uri, cid, actor, subject_did, created_at, rev, counted)
SELECT n.uri, n.cid, n.actor, n.subject_did, n.created_at, n.rev,
    n.candidate AND (SELECT true FROM follows o WHERE o.subject_did = n.subject_did AND o.actor = n.actor LIMIT 1) IS NULL
FROM unnest($1, $2, $3, $4, $5, $6, $7)
    AS n (uri, cid, actor, subject_did, created_at, rev, candidate)
ON CONFLICT (uri) DO NOTHING
RETURNING uri, counted
