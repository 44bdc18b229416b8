UPDATE post_counts SET likes = likes + ?2, reposts = reposts + ?3, replies = replies + ?4, quotes = quotes + ?5 WHERE uri = ?1;
