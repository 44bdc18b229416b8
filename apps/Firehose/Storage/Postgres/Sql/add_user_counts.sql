-- Accounts, in key order, which the caller gives: two batches cannot wait for each other.
INSERT INTO user_counts AS c (did, posts, follows, followers)
SELECT * FROM unnest($1, $2, $3, $4)
ON CONFLICT (did) DO UPDATE SET
    posts = c.posts + excluded.posts, follows = c.follows + excluded.follows, followers = c.followers + excluded.followers
