DELETE FROM posts p USING unnest($1, $2) AS d (uri, rev)
WHERE p.uri = d.uri AND p.rev <= d.rev
RETURNING p.uri, p.author, p.reply_parent, p.quoted_uri
