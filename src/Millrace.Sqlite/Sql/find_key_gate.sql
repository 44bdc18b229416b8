SELECT
    EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_busy
            WHERE queue = ?1 AND key = ?2 AND state = 3 AND state <> 0)
    OR EXISTS (SELECT 1 FROM dead_letters INDEXED BY dead_letters_holding
               WHERE queue = ?1 AND key = ?2 AND holds_key = 1),
    (SELECT owner FROM jobs INDEXED BY jobs_busy
     WHERE queue = ?1 AND key = ?2 AND state = 1 AND state <> 0 AND owner <> ?3 LIMIT 1),
    (SELECT min(seq) FROM jobs INDEXED BY jobs_busy
     WHERE queue = ?1 AND key = ?2 AND state = 4 AND state <> 0);
