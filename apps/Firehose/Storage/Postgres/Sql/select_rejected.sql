SELECT r.uri, r.rev, r.delivery FROM rejected_records r JOIN unnest($1, $2) AS k (uri, rev) USING (uri, rev)
