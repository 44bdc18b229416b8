DELETE FROM millrace_inbox
WHERE (worker, queue, delivery) IN (SELECT worker, queue, delivery FROM millrace_inbox
                                    WHERE at <= unixepoch('subsec') - $age LIMIT 1000);
