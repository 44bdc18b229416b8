-- A new job of each: at the old place when its key waits for it, else at the end.
WITH meant AS MATERIALIZED (SELECT n, id FROM millrace.dead_letters WHERE id = ANY ($1) ORDER BY n FOR UPDATE),
gone AS (DELETE FROM millrace.dead_letters d USING meant WHERE d.n = meant.n RETURNING d.*),
heirs AS MATERIALIZED (SELECT nextval('millrace.numbers') AS id, m.id AS dead FROM meant m),
born AS (
    INSERT INTO millrace.jobs (id, queue, place, enqueued_at, state, priority, key, tenant, kind, headers, requeued_from, body)
    SELECT h.id, g.queue, CASE WHEN g.holds_key THEN g.place ELSE h.id END, millrace.clock(), 0, g.priority, g.key, g.tenant, g.kind, g.headers, g.id::text, g.body
    FROM heirs h JOIN gone g ON g.id = h.dead),
kept AS (
    INSERT INTO millrace.finished (id, queue, token, enqueued_at, finished_at, state, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from)
    SELECT id, queue, token, enqueued_at, died_at, 4, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from FROM gone WHERE $2),
freed AS MATERIALIZED (
    SELECT millrace.free_held(k.queue, k.keys) FROM (SELECT queue, array_agg(DISTINCT key) AS keys FROM gone WHERE holds_key GROUP BY queue) k)
SELECT h.id, (SELECT count(*) FROM freed) FROM heirs h ORDER BY h.id;
