INSERT INTO finished (id, queue, state, token, attempts, crashes, snoozes, enqueued_at, finished_at, key, tenant, kind, errors, requeued_from)
SELECT id, queue, ?2, token, attempts, crashes, snoozes, enqueued_at, ?3, key, tenant, kind, errors, requeued_from
FROM jobs WHERE id = ?1 AND token = ?4 AND state = 1;
