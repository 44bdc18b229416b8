-- And of each pair that lost its counted row the earliest that is left counts from now on.
WITH gone AS (
    DELETE FROM reposts r USING unnest($1, $2) AS d (uri, rev)
    WHERE r.uri = d.uri AND r.rev <= d.rev
    RETURNING r.uri, r.actor, r.subject_uri, r.counted
), next AS (
    SELECT DISTINCT ON (r.actor, r.subject_uri) r.uri
    FROM gone JOIN reposts r ON r.subject_uri = gone.subject_uri AND r.actor = gone.actor
    WHERE gone.counted AND r.uri NOT IN (SELECT uri FROM gone)
    ORDER BY r.actor, r.subject_uri, r.rev, r.uri
), promoted AS (
    UPDATE reposts r SET counted = true FROM next WHERE r.uri = next.uri
    RETURNING r.uri, r.actor, r.subject_uri
)
SELECT uri, actor, subject_uri, counted, false AS promoted FROM gone
UNION ALL SELECT uri, actor, subject_uri, true, true FROM promoted
