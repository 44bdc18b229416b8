UPDATE jobs SET state = 0, owner = NULL, crashes = crashes + ?2 WHERE id = ?1;
