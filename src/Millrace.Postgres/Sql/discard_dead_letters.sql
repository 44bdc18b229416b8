WITH meant AS MATERIALIZED (SELECT n, id FROM millrace.dead_letters WHERE id = ANY ($1) ORDER BY n FOR UPDATE),
gone AS (DELETE FROM millrace.dead_letters d USING meant WHERE d.n = meant.n
         RETURNING d.id, d.queue, d.token, d.enqueued_at, d.died_at, d.attempts, d.crashes, d.snoozes, d.holds_key, d.key, d.tenant, d.kind, d.errors, d.requeued_from),
kept AS (
    INSERT INTO millrace.finished (id, queue, token, enqueued_at, finished_at, state, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from)
    SELECT id, queue, token, enqueued_at, died_at, 4, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from FROM gone WHERE $2),
freed AS MATERIALIZED (
    SELECT millrace.free_held(k.queue, k.keys) FROM (SELECT queue, array_agg(DISTINCT key) AS keys FROM gone WHERE holds_key GROUP BY queue) k)
SELECT m.id, (SELECT count(*) FROM freed) FROM meant m ORDER BY m.n;
