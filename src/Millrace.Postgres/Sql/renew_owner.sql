UPDATE millrace.owners SET expires_at = millrace.clock() + $2::bigint * interval '1 microsecond' WHERE id = $1 RETURNING id;
