SELECT job FROM deduplication WHERE queue = ?1 AND tenant = ?2 AND dedup = ?3 AND expires_at > ?4;
