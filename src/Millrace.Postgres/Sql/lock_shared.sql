SELECT pg_advisory_xact_lock_shared(millrace.lock_of(q.queue)) FROM (SELECT DISTINCT queue FROM unnest($1::text[]) AS u (queue) ORDER BY queue) q;
