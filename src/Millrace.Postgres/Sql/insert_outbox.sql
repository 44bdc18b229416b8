INSERT INTO millrace_outbox (queue, kind, body, key, tenant, headers, run_at, priority, dedup, dedup_window, requeued_from)
SELECT queue, kind, body, key, tenant, headers, coalesce(run_at, clock_timestamp() + nullif(delay, 0) * interval '1 microsecond'),
       priority, dedup, keep, requeued_from
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
            $8::bigint[], $9::smallint[], $10::text[], $11::bigint[], $12::text[])
    WITH ORDINALITY AS u (queue, kind, body, key, tenant, headers, run_at, delay, priority, dedup, keep, requeued_from, n)
ORDER BY n;
