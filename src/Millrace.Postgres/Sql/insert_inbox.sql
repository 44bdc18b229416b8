-- Waits for another transaction that records the same and has not ended.
INSERT INTO millrace_inbox (worker, queue, delivery) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;
