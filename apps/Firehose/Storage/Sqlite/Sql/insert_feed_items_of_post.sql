INSERT INTO feed_items (uri, type, post_uri, originator, sort_at)
SELECT uri, 'repost', subject_uri, actor, min(coalesce(created_at, indexed_at), indexed_at)
FROM reposts WHERE subject_uri = ?1 AND counted = 1
ON CONFLICT (uri) DO NOTHING;
