SELECT q.id, (SELECT f.n FROM finished f WHERE f.queue = q.id ORDER BY f.n DESC LIMIT 1 OFFSET $count)
FROM queues q;
