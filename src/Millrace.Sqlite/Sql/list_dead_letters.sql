SELECT d.n, d.id, q.name, d.kind, d.body, d.key, d.tenant, d.headers, d.reason, d.errors, d.attempts, d.crashes,
       d.enqueued_at, d.died_at, d.requeued_from, d.holds_key
FROM dead_letters d JOIN queues q ON q.id = d.queue
WHERE d.n > $after
  AND ($queue IS NULL OR q.name = $queue)
  AND ($tenant IS NULL OR d.tenant = $tenant)
  AND ($key IS NULL OR d.key = $key)
  AND ($reason IS NULL OR instr(d.reason, $reason) > 0)
  AND ($from IS NULL OR d.died_at >= $from)
  AND ($before IS NULL OR d.died_at < $before)
  AND ($ids IS NULL OR d.id IN (SELECT value FROM json_each($ids)))
ORDER BY d.n
LIMIT $limit;
