INSERT OR REPLACE INTO deduplication (queue, tenant, dedup, job, expires_at) VALUES (?1, ?2, ?3, ?4, ?5);
