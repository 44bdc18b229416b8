-- By their own URI, and those of every repost of a post.
DELETE FROM feed_items
WHERE uri IN (SELECT unnest($1) UNION SELECT r.uri FROM reposts r WHERE r.subject_uri = ANY ($2))
