-- Ends the owner $2, or with none every owner of the queue whose lease is over; gives back what they held. Only the latter died:
-- a crash is counted for what they had noted as running, a suspicion for the rest.
WITH gone AS MATERIALIZED (
    DELETE FROM millrace.owners
    WHERE id IN (SELECT id FROM millrace.owners
                 WHERE queue = $1 AND CASE WHEN $2::bigint IS NULL THEN expires_at <= millrace.clock() ELSE id = $2 END
                 ORDER BY id FOR UPDATE)
    RETURNING id, running),
owned AS MATERIALIZED (
    SELECT j.id, j.owner, j.cancel, j.key, $2::bigint IS NULL AND j.id = ANY (gone.running) AS ran
    FROM millrace.jobs j JOIN gone ON j.owner = gone.id
    ORDER BY j.id FOR UPDATE OF j),
back AS (
    UPDATE millrace.jobs j
    SET state = 0, owner = NULL, crashes = j.crashes + owned.ran::integer, suspects = j.suspects + ($2::bigint IS NULL AND NOT owned.ran)::integer
    FROM owned WHERE j.id = owned.id AND NOT owned.cancel),
cancelled AS (
    DELETE FROM millrace.jobs j USING owned WHERE j.id = owned.id AND owned.cancel
    RETURNING j.id, j.queue, j.token, j.enqueued_at, j.attempts, j.crashes, j.snoozes, j.key, j.tenant, j.kind, j.errors, j.requeued_from),
kept AS (
    INSERT INTO millrace.finished (id, queue, token, enqueued_at, finished_at, state, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from)
    SELECT id, queue, token, enqueued_at, millrace.clock(), 5, attempts, crashes, snoozes, key, tenant, kind, errors, requeued_from
    FROM cancelled WHERE $3)
SELECT gone.id, count(owned.id), count(*) FILTER (WHERE owned.ran),
       millrace.free_held($1, array_agg(DISTINCT owned.key) FILTER (WHERE owned.key IS NOT NULL))
FROM gone LEFT JOIN owned ON owned.owner = gone.id
GROUP BY gone.id;
