-- What others set aside behind the claims of the owner $2 is open to itself, unless the key waits for its head.
UPDATE millrace.jobs SET state = 0
WHERE id IN (
    SELECT h.id
    FROM (SELECT DISTINCT key FROM millrace.jobs WHERE owner = $2 AND key IS NOT NULL) k
    CROSS JOIN LATERAL (
        SELECT id FROM millrace.jobs
        WHERE queue = $1 AND hashtextextended(key, 0) = hashtextextended(k.key, 0) AND key = k.key AND state = 4
        ORDER BY place LIMIT 256) h
    WHERE NOT EXISTS (SELECT 1 FROM millrace.jobs p
                      WHERE p.queue = $1 AND hashtextextended(p.key, 0) = hashtextextended(k.key, 0) AND p.key = k.key AND p.state = 3)
      AND NOT EXISTS (SELECT 1 FROM millrace.dead_letters d
                      WHERE d.queue = $1 AND d.holds_key AND hashtextextended(d.key, 0) = hashtextextended(k.key, 0) AND d.key = k.key));
