-- Up to $3 ready jobs by priority and place for the owner $2, or for a new one when that is null; no more once their bodies have
-- reached $4 bytes. $5 is the lease in microseconds, $6 the name of this process. One row at least, which says whether the owner
-- was there.
WITH own AS MATERIALIZED (SELECT id FROM millrace.owners WHERE id = $2 FOR UPDATE),
seen AS MATERIALIZED (
    SELECT id, priority, place, octet_length(body) AS size FROM millrace.jobs
    WHERE queue = $1 AND state = 0 AND ($2::bigint IS NULL OR EXISTS (SELECT 1 FROM own))
    ORDER BY priority, place LIMIT $3 FOR UPDATE SKIP LOCKED),
taken AS MATERIALIZED (
    SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY priority, place) - size AS before FROM seen) s WHERE before < $4),
begun AS (
    INSERT INTO millrace.owners (id, queue, expires_at, process)
    SELECT nextval('millrace.numbers'), $1, millrace.clock() + $5::bigint * interval '1 microsecond', $6
    WHERE $2::bigint IS NULL AND EXISTS (SELECT 1 FROM taken)
    RETURNING id),
-- A fetch that brings something is a sign of life.
renewed AS (
    UPDATE millrace.owners o SET expires_at = millrace.clock() + $5::bigint * interval '1 microsecond'
    FROM own WHERE o.id = own.id AND EXISTS (SELECT 1 FROM taken)),
claimed AS (
    UPDATE millrace.jobs j SET state = 1, owner = me.id, token = j.token + 1
    FROM taken, (SELECT id FROM own UNION ALL SELECT id FROM begun) me
    WHERE j.id = taken.id
    RETURNING j.*)
SELECT $2::bigint IS NULL OR EXISTS (SELECT 1 FROM own), false,
       c.owner, c.id, c.token, c.attempts, c.crashes, c.suspects, c.snoozes, c.enqueued_at, c.key, c.tenant, c.kind, c.headers, c.requeued_from, c.body
FROM (SELECT 1) one LEFT JOIN claimed c ON true
ORDER BY c.priority, c.place;
