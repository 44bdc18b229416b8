SELECT uri, rev FROM blocks WHERE uri >= ?1 AND uri < ?2;
