UPDATE counter SET next_id = ?1;
