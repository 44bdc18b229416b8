-- All of them were changed, and so locked, by this transaction.
WITH tallies AS (
    DELETE FROM post_tallies WHERE uri = ANY ($1) AND posts = 0 AND likes = 0 AND reposts = 0 AND replies = 0 AND quotes = 0
)
DELETE FROM user_counts WHERE did = ANY ($2) AND posts = 0 AND follows = 0 AND followers = 0
