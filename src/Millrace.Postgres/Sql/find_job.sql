SELECT 0 AS place, state, queue, kind, key, tenant, attempts, crashes, snoozes, token, enqueued_at, due_at, NULL::timestamptz AS finished_at, errors, requeued_from
FROM millrace.jobs WHERE id = $1
UNION ALL
SELECT 1, 4, queue, kind, key, tenant, attempts, crashes, snoozes, token, enqueued_at, NULL, died_at, errors, requeued_from
FROM millrace.dead_letters WHERE id = $1
UNION ALL
SELECT 2, state, queue, kind, key, tenant, attempts, crashes, snoozes, token, enqueued_at, NULL, finished_at, errors, requeued_from
FROM millrace.finished WHERE id = $1
LIMIT 1;
