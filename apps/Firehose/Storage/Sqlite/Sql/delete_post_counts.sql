DELETE FROM post_counts WHERE uri = ?1;
