INSERT OR IGNORE INTO millrace_inbox (worker, queue, delivery, at) VALUES ($worker, $queue, $delivery, unixepoch('subsec'));
