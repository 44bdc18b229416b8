INSERT INTO finished (id, queue, state, token, attempts, crashes, snoozes, enqueued_at, finished_at, key, tenant, kind, errors, requeued_from)
SELECT id, queue, 4, token, attempts, crashes, snoozes, enqueued_at, died_at, key, tenant, kind, errors, requeued_from
FROM dead_letters WHERE id = ?1;
