INSERT OR REPLACE INTO pauses (worker, paused_by, reason, at) VALUES (?1, ?2, ?3, ?4);
