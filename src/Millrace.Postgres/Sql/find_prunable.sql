-- Of each queue that keeps more than $1 finished jobs, the last one beyond.
WITH RECURSIVE queues (queue) AS (
    (SELECT min(queue) FROM millrace.finished)
    UNION ALL
    SELECT (SELECT min(queue) FROM millrace.finished WHERE queue > queues.queue) FROM queues WHERE queues.queue IS NOT NULL)
SELECT q.queue, f.n
FROM queues q CROSS JOIN LATERAL (SELECT n FROM millrace.finished WHERE queue = q.queue ORDER BY n DESC LIMIT 1 OFFSET $1) f;
