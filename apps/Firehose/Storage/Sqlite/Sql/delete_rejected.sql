DELETE FROM rejected_records WHERE uri = ?1 AND rev = ?2;
