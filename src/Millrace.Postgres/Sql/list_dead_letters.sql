SELECT n, id, queue, kind, body, key, tenant, headers, reason, errors, attempts, crashes, enqueued_at, died_at, requeued_from, holds_key
FROM millrace.dead_letters
WHERE ($1::text IS NULL OR queue = $1)
  AND ($2::text IS NULL OR tenant = $2)
  AND ($3::text IS NULL OR key = $3)
  AND ($4::text IS NULL OR strpos(reason, $4) > 0)
  AND ($5::timestamptz IS NULL OR died_at >= $5)
  AND ($6::timestamptz IS NULL OR died_at < $6)
  AND ($7::bigint[] IS NULL OR id = ANY ($7))
  AND n > $9
ORDER BY n
LIMIT $8;
