-- As claim.sql, but by place whatever the priority, and only what its key admits: nobody while the key waits for a retry, is
-- claimed by another owner or is held by a dead letter, and nobody ahead of an earlier one that was held. What is not admitted
-- leaves the ready ones for those held, so that the next walk does not pass it again. $7 is how far to walk; the second column
-- says that there was more. The lock of the queue is held alone.
WITH RECURSIVE own AS MATERIALIZED (SELECT id FROM millrace.owners WHERE id = $2 FOR UPDATE),
-- One row a priority in use, found by skipping through the index instead of reading all of it.
used (priority) AS (
    (SELECT min(priority) FROM millrace.jobs WHERE queue = $1 AND state = 0)
    UNION ALL
    SELECT (SELECT min(priority) FROM millrace.jobs WHERE queue = $1 AND state = 0 AND priority > used.priority)
    FROM used WHERE used.priority IS NOT NULL),
seen AS MATERIALIZED (
    SELECT r.id, r.key, r.place, r.size
    FROM used CROSS JOIN LATERAL (
        SELECT id, key, place, octet_length(body) AS size FROM millrace.jobs
        WHERE queue = $1 AND state = 0 AND priority = used.priority
        ORDER BY place LIMIT $7) r
    WHERE $2::bigint IS NULL OR EXISTS (SELECT 1 FROM own)
    ORDER BY r.place LIMIT $7),
gates AS MATERIALIZED (
    SELECT k.key,
           EXISTS (SELECT 1 FROM millrace.jobs b
                   WHERE b.queue = $1 AND hashtextextended(b.key, 0) = hashtextextended(k.key, 0) AND b.key = k.key AND b.state = 3)
           OR EXISTS (SELECT 1 FROM millrace.jobs b
                      WHERE b.queue = $1 AND hashtextextended(b.key, 0) = hashtextextended(k.key, 0) AND b.key = k.key AND b.state = 1
                        AND b.owner IS DISTINCT FROM $2)
           OR EXISTS (SELECT 1 FROM millrace.dead_letters d
                      WHERE d.queue = $1 AND d.holds_key AND hashtextextended(d.key, 0) = hashtextextended(k.key, 0) AND d.key = k.key) AS closed,
           (SELECT min(b.place) FROM millrace.jobs b
            WHERE b.queue = $1 AND hashtextextended(b.key, 0) = hashtextextended(k.key, 0) AND b.key = k.key AND b.state = 4) AS held_from
    FROM (SELECT DISTINCT key FROM seen WHERE key IS NOT NULL) k),
walk AS MATERIALIZED (
    SELECT s.id, s.place, s.size, s.key IS NULL OR NOT g.closed AND (g.held_from IS NULL OR s.place < g.held_from) AS admitted
    FROM seen s LEFT JOIN gates g ON g.key = s.key),
taken AS MATERIALIZED (
    SELECT id FROM (SELECT id, row_number() OVER by_place AS n, sum(size) OVER by_place - size AS before
                    FROM walk WHERE admitted WINDOW by_place AS (ORDER BY place)) w
    WHERE n <= $3 AND before < $4),
held AS (
    UPDATE millrace.jobs j SET state = 4 FROM walk WHERE j.id = walk.id AND NOT walk.admitted),
begun AS (
    INSERT INTO millrace.owners (id, queue, expires_at, process)
    SELECT nextval('millrace.numbers'), $1, millrace.clock() + $5::bigint * interval '1 microsecond', $6
    WHERE $2::bigint IS NULL AND EXISTS (SELECT 1 FROM taken)
    RETURNING id),
renewed AS (
    UPDATE millrace.owners o SET expires_at = millrace.clock() + $5::bigint * interval '1 microsecond'
    FROM own WHERE o.id = own.id AND EXISTS (SELECT 1 FROM taken)),
claimed AS (
    UPDATE millrace.jobs j SET state = 1, owner = me.id, token = j.token + 1
    FROM taken, (SELECT id FROM own UNION ALL SELECT id FROM begun) me
    WHERE j.id = taken.id
    RETURNING j.*)
SELECT $2::bigint IS NULL OR EXISTS (SELECT 1 FROM own), (SELECT count(*) FROM seen) = $7,
       c.owner, c.id, c.token, c.attempts, c.crashes, c.suspects, c.snoozes, c.enqueued_at, c.key, c.tenant, c.kind, c.headers, c.requeued_from, c.body
FROM (SELECT 1) one LEFT JOIN claimed c ON true
ORDER BY c.place;
