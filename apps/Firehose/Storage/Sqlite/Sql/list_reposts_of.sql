SELECT uri, rev FROM reposts WHERE uri >= ?1 AND uri < ?2;
