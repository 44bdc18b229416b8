DELETE FROM user_counts WHERE did = ANY ($1) AND posts = 0 AND follows = 0 AND followers = 0
