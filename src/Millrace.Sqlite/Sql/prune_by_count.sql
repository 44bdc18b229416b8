DELETE FROM finished WHERE n IN (SELECT n FROM finished WHERE queue = ?1 AND n <= ?2 ORDER BY n LIMIT ?3);
