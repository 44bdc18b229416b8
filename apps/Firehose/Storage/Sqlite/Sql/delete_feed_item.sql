DELETE FROM feed_items WHERE uri = ?1;
