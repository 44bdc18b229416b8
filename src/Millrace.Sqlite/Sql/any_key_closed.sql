SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_waiting WHERE queue = ?1 AND state >= 3)
    OR EXISTS (SELECT 1 FROM owners WHERE queue = ?1 AND id <> ?2)
    OR EXISTS (SELECT 1 FROM dead_letters INDEXED BY dead_letters_holding WHERE queue = ?1 AND holds_key = 1);
