SELECT id, cancel, key, queue FROM jobs INDEXED BY jobs_leased WHERE owner = ?1 ORDER BY id;
