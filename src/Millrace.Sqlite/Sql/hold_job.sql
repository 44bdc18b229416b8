UPDATE jobs SET state = 4 WHERE id = ?1;
