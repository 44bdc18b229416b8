UPDATE likes SET counted = 1
WHERE uri = (SELECT uri FROM likes WHERE subject_uri = ?2 AND actor = ?1 ORDER BY rev, uri LIMIT 1)
RETURNING uri;
