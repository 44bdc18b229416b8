INSERT INTO millrace_outbox (queue, kind, body, key, tenant, headers, run_at, priority, dedup, dedup_window, requeued_from)
VALUES ($queue, $kind, $body, $key, $tenant, $headers,
        coalesce($run_at, CASE WHEN $delay > 0 THEN CAST(unixepoch('subsec') * 1000 AS INTEGER) + $delay END),
        $priority, $dedup, $window, $requeued_from);
