DELETE FROM posts p USING unnest($1, $2) AS d (first, beyond)
WHERE p.uri >= d.first AND p.uri < d.beyond
RETURNING p.uri, p.author, p.reply_parent, p.quoted_uri
