INSERT INTO millrace.pauses (worker, paused_by, reason, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (worker) DO UPDATE SET paused_by = excluded.paused_by, reason = excluded.reason, at = excluded.at;
