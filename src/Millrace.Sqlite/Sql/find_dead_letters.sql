SELECT d.id
FROM dead_letters d JOIN queues q ON q.id = d.queue
WHERE (?1 IS NULL OR q.name = ?1)
  AND (?2 IS NULL OR d.tenant = ?2)
  AND (?3 IS NULL OR d.key = ?3)
  AND (?4 IS NULL OR instr(d.reason, ?4) > 0)
  AND (?5 IS NULL OR d.died_at >= ?5)
  AND (?6 IS NULL OR d.died_at < ?6)
  AND (?7 IS NULL OR d.id IN (SELECT value FROM json_each(?7)))
ORDER BY d.n
LIMIT ?8;
