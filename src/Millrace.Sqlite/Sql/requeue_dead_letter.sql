INSERT INTO jobs (id, queue, state, priority, seq, enqueued_at, key, tenant, kind, headers, requeued_from, body)
SELECT ?2, queue, 0, priority, CASE WHEN holds_key THEN seq ELSE ?2 END, ?3, key, tenant, kind, headers, id, body
FROM dead_letters WHERE id = ?1;
