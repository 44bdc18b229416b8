DELETE FROM blocks b USING unnest($1, $2) AS d (uri, rev)
WHERE b.uri = d.uri AND b.rev <= d.rev
RETURNING b.uri
