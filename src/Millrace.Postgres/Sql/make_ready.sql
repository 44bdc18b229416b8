-- A delayed publish takes its place in the order now, as if it were published now. A retry or snooze keeps the place it had: it is
-- the head of its key.
WITH due AS MATERIALIZED (
    SELECT id, state, key FROM millrace.jobs
    WHERE queue = $1 AND due_at <= (SELECT millrace.clock())
    ORDER BY due_at, place LIMIT 1000 FOR UPDATE SKIP LOCKED),
placed AS MATERIALIZED (SELECT id, CASE WHEN state = 2 THEN nextval('millrace.numbers') END AS place FROM due),
ready AS (
    UPDATE millrace.jobs j SET state = 0, due_at = NULL, place = coalesce(placed.place, j.place)
    FROM placed WHERE j.id = placed.id)
SELECT count(*), millrace.free_held($1, array_agg(DISTINCT key) FILTER (WHERE state = 3 AND key IS NOT NULL)) FROM due;
