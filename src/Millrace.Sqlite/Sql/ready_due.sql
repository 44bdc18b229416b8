UPDATE jobs SET state = 0, due_at = NULL, seq = coalesce(?2, seq) WHERE id = ?1;
