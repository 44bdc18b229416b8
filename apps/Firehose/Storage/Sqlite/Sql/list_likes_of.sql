SELECT uri, rev FROM likes WHERE uri >= ?1 AND uri < ?2;
