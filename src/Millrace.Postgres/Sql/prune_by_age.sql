DELETE FROM millrace.finished
WHERE n IN (SELECT n FROM (SELECT n, finished_at FROM millrace.finished ORDER BY n LIMIT $2 FOR UPDATE SKIP LOCKED) oldest
            WHERE finished_at <= (SELECT millrace.clock()) - $1::bigint * interval '1 microsecond');
