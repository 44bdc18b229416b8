DELETE FROM feed_items WHERE uri = ?1 OR uri IN (SELECT uri FROM reposts WHERE subject_uri = ?1);
