INSERT INTO post_counts (uri, likes, reposts, replies, quotes)
VALUES (
    ?1,
    (SELECT count(DISTINCT actor) FROM likes WHERE subject_uri = ?1),
    (SELECT count(DISTINCT actor) FROM reposts WHERE subject_uri = ?1),
    (SELECT count(*) FROM posts WHERE reply_parent = ?1),
    (SELECT count(*) FROM posts WHERE quoted_uri = ?1))
RETURNING reposts;
