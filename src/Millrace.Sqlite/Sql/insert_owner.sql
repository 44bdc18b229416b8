INSERT INTO owners (id, queue, expires_at, process) VALUES (?1, ?2, ?3, ?4);
