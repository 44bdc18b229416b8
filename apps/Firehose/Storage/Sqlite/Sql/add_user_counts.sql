INSERT INTO user_counts (did, posts, follows, followers) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (did) DO UPDATE SET
    posts = posts + excluded.posts, follows = follows + excluded.follows, followers = followers + excluded.followers;
