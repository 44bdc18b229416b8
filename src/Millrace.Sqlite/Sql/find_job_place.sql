SELECT state, queue, key FROM jobs WHERE id = ?1;
