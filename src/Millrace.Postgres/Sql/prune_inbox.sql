DELETE FROM millrace_inbox
WHERE (worker, queue, delivery) IN (SELECT worker, queue, delivery FROM millrace_inbox
                                    WHERE at <= now() - $1::bigint * interval '1 microsecond' ORDER BY at LIMIT 1000 FOR UPDATE SKIP LOCKED);
