SELECT id, state, key FROM jobs INDEXED BY jobs_due WHERE queue = ?1 AND due_at <= ?2 ORDER BY due_at, seq LIMIT ?3;
