DELETE FROM posts WHERE uri = ?1 AND rev <= ?2 RETURNING author, reply_parent, quoted_uri;
