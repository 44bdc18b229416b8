-- Sets right which row of each pair counts, and says what changed.
WITH pair AS (
    SELECT DISTINCT actor, subject FROM unnest($1, $2) AS p (actor, subject)
), ranked AS (
    SELECT r.uri, row_number() OVER (PARTITION BY r.actor, r.subject_uri ORDER BY r.rev, r.uri) = 1 AS first
    FROM pair JOIN reposts r ON r.subject_uri = pair.subject AND r.actor = pair.actor
)
UPDATE reposts r SET counted = ranked.first FROM ranked
WHERE r.uri = ranked.uri AND r.counted <> ranked.first
RETURNING r.uri, r.actor, r.subject_uri, r.counted
