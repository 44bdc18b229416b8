DELETE FROM millrace.deduplication
WHERE (queue, tenant, dedup) IN (SELECT queue, tenant, dedup FROM millrace.deduplication
                                 WHERE expires_at <= (SELECT millrace.clock()) ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED);
