-- Sets right which row of each pair counts, and says what changed.
WITH pair AS (
    SELECT DISTINCT actor, subject FROM unnest($1, $2) AS p (actor, subject)
), ranked AS (
    SELECT r.uri, row_number() OVER (PARTITION BY r.actor, r.subject_did ORDER BY r.rev, r.uri) = 1 AS first
    FROM pair JOIN follows r ON r.subject_did = pair.subject AND r.actor = pair.actor
)
UPDATE follows r SET counted = ranked.first FROM ranked
WHERE r.uri = ranked.uri AND r.counted <> ranked.first
RETURNING r.uri, r.actor, r.subject_did, r.counted
