SELECT id, seq, key, token, attempts, crashes, snoozes, enqueued_at, tenant, kind, headers, body, requeued_from
FROM jobs INDEXED BY jobs_ready
WHERE queue = ?1 AND state = 0
ORDER BY priority, seq
LIMIT ?2;
