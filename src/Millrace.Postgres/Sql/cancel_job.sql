WITH job AS MATERIALIZED (SELECT id, queue, key, state FROM millrace.jobs WHERE id = $1 FOR UPDATE),
asked AS (UPDATE millrace.jobs j SET cancel = true FROM job WHERE j.id = job.id AND job.state = 1),
cancelled AS (
    DELETE FROM millrace.jobs j USING job WHERE j.id = job.id AND job.state <> 1
    RETURNING j.id, j.queue, j.token, j.enqueued_at, j.attempts, j.crashes, j.snoozes, j.key, j.tenant, j.kind, j.errors, j.requeued_from),
kept AS (
    INSERT INTO millrace.finished (id, queue, token, enqueued_at, finished_at, state, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from)
    SELECT id, queue, token, enqueued_at, millrace.clock(), 5, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from
    FROM cancelled WHERE $3),
noted AS (
    INSERT INTO millrace.audit (at, actor, action, target, detail) SELECT millrace.clock(), $2, 'cancel', $1::text, NULL FROM job)
SELECT state, queue, key FROM job;
