DELETE FROM follows WHERE uri = ?1 AND rev <= ?2 RETURNING actor, subject_did, counted;
