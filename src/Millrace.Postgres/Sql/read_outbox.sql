SELECT o.id, o.queue, o.kind, o.body, o.key, o.tenant, o.headers, o.run_at, o.priority, o.dedup, o.dedup_window, o.requeued_from, n.name
FROM millrace_outbox o, millrace_outbox_name n
ORDER BY o.id
LIMIT $1;
