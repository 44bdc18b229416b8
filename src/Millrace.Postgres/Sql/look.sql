-- Whether a claim would find anything to do, and in how many milliseconds time alone will change the answer.
WITH clock AS MATERIALIZED (SELECT millrace.clock() AS now),
next AS MATERIALIZED (
    SELECT least((SELECT min(due_at) FROM millrace.jobs WHERE queue = $1 AND due_at IS NOT NULL),
                 (SELECT min(expires_at) FROM millrace.owners WHERE queue = $1)) AS at)
SELECT EXISTS (SELECT 1 FROM millrace.jobs WHERE queue = $1 AND state = 0) OR coalesce(next.at <= clock.now, false),
       ceil(extract(epoch FROM next.at - clock.now) * 1000)::bigint
FROM next, clock;
