INSERT INTO jobs (id, queue, state, priority, seq, enqueued_at, body, key, kind, tenant, headers, due_at, requeued_from)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
