SELECT 1 FROM millrace_inbox WHERE worker = $worker AND queue = $queue AND delivery = $delivery;
