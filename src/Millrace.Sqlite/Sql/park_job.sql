UPDATE jobs
SET state = 3, owner = NULL, due_at = ?2, attempts = attempts + ?3, snoozes = snoozes + ?4, errors = coalesce(?5, errors)
WHERE id = ?1;
