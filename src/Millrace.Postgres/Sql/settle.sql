-- Each outcome counts only while its token is the job's latest and the job is still claimed. outcome: 1 completed, 2 cancelled,
-- 3 retry, 4 snoozed, 5 released, 6 dead. What was cancelled meanwhile never runs again, however its worker lets go of it.
-- $8 says whether a dead letter holds its key, $9 whether finished jobs are kept. Returns what was written, and how many held ones were let go.
WITH clock AS MATERIALIZED (SELECT millrace.clock() AS now),
claim AS MATERIALIZED (
    SELECT j.id, j.token, j.key, i.delay, i.reason, '[' || floor(extract(epoch FROM clock.now) * 1000)::bigint || ',' || i.error AS error,
           CASE WHEN j.cancel AND i.outcome IN (3, 4, 5) THEN 2 ELSE i.outcome END AS outcome
    FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[], $6::text[], $7::text[]) AS i (id, token, outcome, delay, reason, error)
    JOIN millrace.jobs j ON j.id = i.id AND j.token = i.token AND j.state = 1, clock
    ORDER BY j.id FOR UPDATE OF j),
done AS (
    DELETE FROM millrace.jobs j USING claim c WHERE j.id = c.id AND c.outcome IN (1, 2)
    RETURNING j.id, j.queue, j.token, j.enqueued_at, j.attempts, j.crashes, j.snoozes, j.key, j.tenant, j.kind, j.errors, j.requeued_from),
kept AS (
    INSERT INTO millrace.finished (id, queue, token, enqueued_at, finished_at, state, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from)
    SELECT d.id, d.queue, d.token, d.enqueued_at, clock.now, CASE c.outcome WHEN 1 THEN 3 ELSE 5 END,
           d.attempts, d.crashes, d.snoozes, d.key, d.tenant, d.kind, d.errors, d.requeued_from
    FROM done d JOIN claim c ON c.id = d.id, clock WHERE $9),
parked AS (
    UPDATE millrace.jobs j
    SET state = CASE WHEN c.outcome < 5 AND c.delay > 0 THEN 3 ELSE 0 END, owner = NULL,
        due_at = CASE WHEN c.outcome < 5 AND c.delay > 0 THEN clock.now + c.delay * interval '1 microsecond' END,
        attempts = j.attempts + (c.outcome = 3)::integer, snoozes = j.snoozes + (c.outcome = 4)::integer,
        suspects = CASE WHEN c.outcome = 5 THEN j.suspects ELSE 0 END,
        errors = CASE WHEN c.outcome = 3 THEN (coalesce(j.errors, '{}') || c.error)[greatest(1, coalesce(cardinality(j.errors), 0) - 18):] ELSE j.errors END
    FROM claim c, clock WHERE j.id = c.id AND c.outcome IN (3, 4, 5)),
died AS (
    DELETE FROM millrace.jobs j USING claim c WHERE j.id = c.id AND c.outcome = 6
    RETURNING j.id, j.queue, j.place, j.token, j.enqueued_at, j.priority, j.attempts, j.crashes, j.snoozes, j.key, j.tenant, j.kind,
              j.headers, j.errors, j.requeued_from, j.body),
buried AS (
    INSERT INTO millrace.dead_letters (id, queue, place, token, enqueued_at, died_at, priority, attempts, crashes, snoozes, holds_key,
                                       key, tenant, kind, reason, headers, errors, requeued_from, body)
    SELECT d.id, d.queue, d.place, d.token, d.enqueued_at, clock.now, d.priority, d.attempts + 1, d.crashes, d.snoozes, $8 AND d.key IS NOT NULL,
           d.key, d.tenant, d.kind, c.reason, d.headers,
           (coalesce(d.errors, '{}') || c.error)[greatest(1, coalesce(cardinality(d.errors), 0) - 18):], d.requeued_from, d.body
    FROM died d JOIN claim c ON c.id = d.id, clock
    ORDER BY d.id)
SELECT array_agg(id), array_agg(token), millrace.free_held($1, array_agg(DISTINCT key) FILTER (WHERE key IS NOT NULL)) FROM claim;
