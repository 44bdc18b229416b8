DELETE FROM likes WHERE uri = ?1 AND rev <= ?2 RETURNING actor, subject_uri, counted;
