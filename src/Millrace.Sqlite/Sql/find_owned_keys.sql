SELECT DISTINCT key FROM jobs INDEXED BY jobs_leased WHERE owner = ?1 AND key IS NOT NULL;
