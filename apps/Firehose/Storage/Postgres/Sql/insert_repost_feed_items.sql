-- Of reposts that count from now on, where their post is here; and of those that waited for a post. The tallies of all these posts are
-- locked by then: of two batches, one with the repost and one with the post, the later one sees both.
INSERT INTO feed_items (uri, type, post_uri, originator, sort_at)
SELECT r.uri, 'repost', r.subject_uri, r.actor, least(r.created_at, r.indexed_at)
FROM reposts r JOIN posts p ON p.uri = r.subject_uri
WHERE r.uri = ANY ($1) AND r.counted
UNION ALL
SELECT r.uri, 'repost', r.subject_uri, r.actor, least(r.created_at, r.indexed_at)
FROM reposts r
WHERE r.subject_uri = ANY ($2) AND r.counted
ON CONFLICT (uri) DO NOTHING
