SELECT 0 AS place, j.state, q.name, j.kind, j.key, j.tenant, j.attempts, j.crashes, j.snoozes, j.token, j.enqueued_at,
       j.due_at, NULL AS finished_at, j.errors, j.requeued_from
FROM jobs j JOIN queues q ON q.id = j.queue WHERE j.id = $id
UNION ALL
SELECT 1, 4, q.name, d.kind, d.key, d.tenant, d.attempts, d.crashes, d.snoozes, d.token, d.enqueued_at,
       NULL, d.died_at, d.errors, d.requeued_from
FROM dead_letters d JOIN queues q ON q.id = d.queue WHERE d.id = $id
UNION ALL
SELECT 2, f.state, q.name, f.kind, f.key, f.tenant, f.attempts, f.crashes, f.snoozes, f.token, f.enqueued_at,
       NULL, f.finished_at, f.errors, f.requeued_from
FROM finished f JOIN queues q ON q.id = f.queue WHERE f.id = $id;
