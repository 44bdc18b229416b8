DELETE FROM blocks WHERE uri = ?1 AND rev <= ?2;
