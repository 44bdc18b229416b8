-- Posts, in key order, which the caller gives: two batches cannot wait for each other.
INSERT INTO post_tallies AS t (uri, posts, likes, reposts, replies, quotes)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
ON CONFLICT (uri) DO UPDATE SET
    posts = t.posts + excluded.posts, likes = t.likes + excluded.likes, reposts = t.reposts + excluded.reposts,
    replies = t.replies + excluded.replies, quotes = t.quotes + excluded.quotes
