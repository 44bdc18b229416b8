SELECT state FROM millrace.finished WHERE id = $1 UNION ALL SELECT 4 FROM millrace.dead_letters WHERE id = $1 LIMIT 1;
