DELETE FROM likes r USING unnest($1, $2) AS d (first, beyond)
WHERE r.uri >= d.first AND r.uri < d.beyond
RETURNING r.uri, r.actor, r.subject_uri, r.counted, false AS promoted
