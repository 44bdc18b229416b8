WITH RECURSIVE used (priority) AS (
    (SELECT min(priority) FROM millrace.jobs WHERE queue = $1 AND state = 0)
    UNION ALL
    SELECT (SELECT min(priority) FROM millrace.jobs WHERE queue = $1 AND state = 0 AND priority > used.priority)
    FROM used WHERE used.priority IS NOT NULL),
heads AS (
    SELECT r.enqueued_at FROM used CROSS JOIN LATERAL (
        SELECT enqueued_at FROM millrace.jobs WHERE queue = $1 AND state = 0 AND priority = used.priority ORDER BY place LIMIT 1) r
    UNION ALL
    (SELECT enqueued_at FROM millrace.jobs WHERE queue = $1 AND state = 4 AND key IS NOT NULL ORDER BY place LIMIT 1))
SELECT (SELECT count(*) FROM millrace.jobs WHERE queue = $1 AND state = 0)
         + (SELECT count(*) FROM millrace.jobs WHERE queue = $1 AND state = 4 AND key IS NOT NULL),
       (SELECT count(*) FROM millrace.jobs WHERE queue = $1 AND due_at IS NOT NULL),
       (SELECT count(*) FROM millrace.jobs WHERE queue = $1 AND owner IN (SELECT id FROM millrace.owners WHERE queue = $1)),
       (SELECT count(*) FROM millrace.dead_letters WHERE queue = $1),
       (SELECT min(enqueued_at) FROM heads);
