SELECT name FROM queues WHERE id = ?1;
