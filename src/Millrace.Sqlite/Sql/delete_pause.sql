DELETE FROM pauses WHERE worker = ?1;
