DELETE FROM finished WHERE n IN (SELECT n FROM (SELECT n, finished_at FROM finished ORDER BY n LIMIT ?2) WHERE finished_at <= ?1);
