INSERT INTO feed_items (uri, type, post_uri, originator, sort_at)
SELECT r.uri, 'repost', r.subject_uri, r.actor, min(coalesce(r.created_at, r.indexed_at), r.indexed_at)
FROM reposts r JOIN posts p ON p.uri = r.subject_uri
WHERE r.uri = ?1
ON CONFLICT (uri) DO NOTHING;
