UPDATE follows SET counted = 1
WHERE uri = (SELECT uri FROM follows WHERE subject_did = ?2 AND actor = ?1 ORDER BY rev, uri LIMIT 1)
RETURNING uri;
