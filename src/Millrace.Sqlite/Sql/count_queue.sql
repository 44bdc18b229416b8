WITH RECURSIVE
target (id) AS (SELECT id FROM queues WHERE name = $queue),
-- One entry a priority in use, found by skipping through the index instead of reading all of it.
used (priority) AS (
    SELECT (SELECT min(priority) FROM jobs INDEXED BY jobs_ready WHERE queue = target.id AND state = 0) FROM target
    UNION ALL
    SELECT (SELECT min(priority) FROM jobs INDEXED BY jobs_ready WHERE queue = target.id AND state = 0 AND priority > used.priority)
    FROM used, target WHERE used.priority IS NOT NULL
),
heads (enqueued_at) AS (
    SELECT (SELECT enqueued_at FROM jobs INDEXED BY jobs_ready
            WHERE queue = target.id AND state = 0 AND priority = used.priority ORDER BY seq LIMIT 1)
    FROM used, target WHERE used.priority IS NOT NULL
    UNION ALL
    SELECT enqueued_at FROM jobs
    WHERE id = (SELECT id FROM jobs INDEXED BY jobs_busy
                WHERE queue = (SELECT id FROM target) AND key IS NOT NULL AND state <> 0 AND state = 4 ORDER BY seq LIMIT 1)
)
SELECT
    (SELECT count(*) FROM jobs INDEXED BY jobs_ready WHERE queue = target.id AND state = 0)
      + (SELECT count(*) FROM jobs INDEXED BY jobs_busy WHERE queue = target.id AND key IS NOT NULL AND state <> 0 AND state = 4),
    (SELECT count(*) FROM jobs INDEXED BY jobs_due WHERE queue = target.id AND due_at IS NOT NULL),
    (SELECT count(*) FROM jobs INDEXED BY jobs_leased WHERE owner IS NOT NULL AND queue = target.id),
    (SELECT count(*) FROM dead_letters WHERE queue = target.id),
    (SELECT min(enqueued_at) FROM heads)
FROM target;
