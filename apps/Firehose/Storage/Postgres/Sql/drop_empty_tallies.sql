DELETE FROM post_tallies WHERE uri = ANY ($1) AND posts = 0 AND likes = 0 AND reposts = 0 AND replies = 0 AND quotes = 0
