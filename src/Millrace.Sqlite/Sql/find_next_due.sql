SELECT min(due_at) FROM jobs INDEXED BY jobs_due WHERE queue = ?1 AND due_at IS NOT NULL;
