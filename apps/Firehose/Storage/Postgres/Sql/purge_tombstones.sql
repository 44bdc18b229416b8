DELETE FROM tombstones t USING unnest($1, $2) AS d (first, beyond) WHERE t.uri >= d.first AND t.uri < d.beyond
