DELETE FROM rejected_records r USING unnest($1, $2) AS k (uri, rev) WHERE r.uri = k.uri AND r.rev = k.rev
