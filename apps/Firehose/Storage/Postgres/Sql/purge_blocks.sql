DELETE FROM blocks b USING unnest($1, $2) AS d (first, beyond)
WHERE b.uri >= d.first AND b.uri < d.beyond
RETURNING b.uri
