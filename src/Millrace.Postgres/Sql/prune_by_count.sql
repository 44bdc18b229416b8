DELETE FROM millrace.finished WHERE n IN (SELECT n FROM millrace.finished WHERE queue = $1 AND n <= $2 ORDER BY n LIMIT $3 FOR UPDATE SKIP LOCKED);
