DELETE FROM rejected_records r USING unnest($1, $2) AS d (first, beyond) WHERE r.uri >= d.first AND r.uri < d.beyond
