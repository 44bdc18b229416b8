SELECT queue, key, holds_key FROM dead_letters WHERE id = ?1;
