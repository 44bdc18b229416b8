SELECT rev FROM tombstones WHERE uri = ?1;
