SELECT min(priority) FROM jobs INDEXED BY jobs_ready WHERE queue = ?1 AND state = 0 AND priority > ?2;
