DELETE FROM follows r USING unnest($1, $2) AS d (first, beyond)
WHERE r.uri >= d.first AND r.uri < d.beyond
RETURNING r.uri, r.actor, r.subject_did, r.counted, false AS promoted
