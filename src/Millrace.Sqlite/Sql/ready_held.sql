-- The first few only: whoever settles one of them lets the next few go. Nothing while the key still waits for its head.
UPDATE jobs SET state = 0
WHERE id IN (SELECT id FROM jobs INDEXED BY jobs_busy
             WHERE queue = ?1 AND key = ?2 AND state = 4 AND state <> 0
             ORDER BY seq LIMIT 256)
  AND NOT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_busy WHERE queue = ?1 AND key = ?2 AND state = 3 AND state <> 0)
  AND NOT EXISTS (SELECT 1 FROM dead_letters INDEXED BY dead_letters_holding WHERE queue = ?1 AND key = ?2 AND holds_key = 1);
