DELETE FROM tombstones WHERE uri >= ?1 AND uri < ?2;
