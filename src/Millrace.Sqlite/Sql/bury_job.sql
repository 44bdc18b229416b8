INSERT INTO dead_letters (id, queue, priority, seq, token, attempts, crashes, snoozes, holds_key, enqueued_at, died_at,
                          key, tenant, kind, reason, headers, errors, requeued_from, body)
SELECT id, queue, priority, seq, token, attempts + 1, crashes, snoozes, ?2 AND key IS NOT NULL, enqueued_at, ?3,
       key, tenant, kind, ?4, headers, ?5, requeued_from, body
FROM jobs WHERE id = ?1;
