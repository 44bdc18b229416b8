-- By their numbers: one below the last may have been committed since.
DELETE FROM millrace_outbox WHERE id = ANY ($1);
