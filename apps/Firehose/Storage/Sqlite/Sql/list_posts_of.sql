SELECT uri, rev FROM posts WHERE uri >= ?1 AND uri < ?2;
