SELECT next_id, CAST(round(unixepoch('subsec') * 1000) AS INTEGER) FROM counter;
