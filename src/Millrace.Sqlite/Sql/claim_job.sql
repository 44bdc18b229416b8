UPDATE jobs SET state = 1, owner = ?2, token = ?3 WHERE id = ?1;
