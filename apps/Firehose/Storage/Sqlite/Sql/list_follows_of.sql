SELECT uri, rev FROM follows WHERE uri >= ?1 AND uri < ?2;
