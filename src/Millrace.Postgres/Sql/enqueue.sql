WITH clock AS MATERIALIZED (SELECT millrace.clock() AS now),
given AS MATERIALIZED (
    SELECT nextval('millrace.numbers') AS id, g.*
    FROM (SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                               $8::bigint[], $9::smallint[], $10::text[], $11::bigint[], $12::text[])
              WITH ORDINALITY AS u (queue, kind, body, key, tenant, headers, run_at, delay, priority, dedup, keep, requeued_from, n)
          ORDER BY n) g),
-- Sorted, so that two publishers never wait for each other crosswise. An id that is known and not forgotten keeps its job.
known AS (
    INSERT INTO millrace.deduplication AS d (queue, tenant, dedup, job, expires_at)
    SELECT DISTINCT ON (g.queue, coalesce(g.tenant, ''), g.dedup)
           g.queue, coalesce(g.tenant, ''), g.dedup, g.id, clock.now + g.keep * interval '1 microsecond'
    FROM given g, clock WHERE g.dedup IS NOT NULL
    ORDER BY g.queue, coalesce(g.tenant, ''), g.dedup, g.n
    ON CONFLICT (queue, tenant, dedup) DO UPDATE
    SET job = CASE WHEN d.expires_at > millrace.clock() THEN d.job ELSE excluded.job END,
        expires_at = CASE WHEN d.expires_at > millrace.clock() THEN d.expires_at ELSE excluded.expires_at END
    RETURNING queue, tenant, dedup, job),
accepted AS MATERIALIZED (
    SELECT g.*, coalesce(k.job, g.id) AS job
    FROM given g LEFT JOIN known k ON k.queue = g.queue AND k.tenant = coalesce(g.tenant, '') AND k.dedup = g.dedup),
stored AS (
    INSERT INTO millrace.jobs (id, queue, place, due_at, enqueued_at, state, priority, key, tenant, kind, headers, requeued_from, body)
    SELECT a.id, a.queue, a.id, due.at, clock.now, CASE WHEN due.at IS NULL THEN 0 ELSE 2 END,
           a.priority, a.key, a.tenant, a.kind, a.headers, a.requeued_from, a.body
    FROM accepted a, clock,
         LATERAL (SELECT coalesce(a.run_at, clock.now + nullif(a.delay, 0) * interval '1 microsecond') AS at) wanted,
         LATERAL (SELECT CASE WHEN wanted.at > clock.now THEN wanted.at END AS at) due
    WHERE a.job = a.id)
SELECT job, job <> id FROM accepted ORDER BY n;
