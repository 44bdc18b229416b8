-- And of each pair that lost its counted row the earliest that is left counts from now on.
WITH gone AS (
    DELETE FROM follows r USING unnest($1, $2) AS d (uri, rev)
    WHERE r.uri = d.uri AND r.rev <= d.rev
    RETURNING r.uri, r.actor, r.subject_did, r.counted
), next AS (
    SELECT DISTINCT ON (r.actor, r.subject_did) r.uri
    FROM gone JOIN follows r ON r.subject_did = gone.subject_did AND r.actor = gone.actor
    WHERE gone.counted AND r.uri NOT IN (SELECT uri FROM gone)
    ORDER BY r.actor, r.subject_did, r.rev, r.uri
), promoted AS (
    UPDATE follows r SET counted = true FROM next WHERE r.uri = next.uri
    RETURNING r.uri, r.actor, r.subject_did
)
SELECT uri, actor, subject_did, counted, false AS promoted FROM gone
UNION ALL SELECT uri, actor, subject_did, true, true FROM promoted
