DELETE FROM deduplication
WHERE (queue, tenant, dedup) IN (SELECT queue, tenant, dedup FROM deduplication INDEXED BY deduplication_expiry
                                 WHERE expires_at <= ?1 LIMIT ?2);
