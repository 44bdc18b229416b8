INSERT INTO jobs (id, queue, state, priority, seq, enqueued_at, body, key, kind, tenant, headers, due_at, requeued_from)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);
