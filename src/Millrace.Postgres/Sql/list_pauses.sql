SELECT worker, paused_by, reason, at FROM millrace.pauses ORDER BY worker;
