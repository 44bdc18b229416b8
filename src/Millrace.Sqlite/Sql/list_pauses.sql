SELECT worker, paused_by, reason, at FROM pauses ORDER BY worker;
