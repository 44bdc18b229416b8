SELECT state FROM finished WHERE id = ?1 UNION ALL SELECT 4 FROM dead_letters WHERE id = ?1;
