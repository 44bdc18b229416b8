SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_waiting WHERE queue = ?1 AND state >= 3);
