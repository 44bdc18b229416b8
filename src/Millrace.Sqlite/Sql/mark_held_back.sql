UPDATE owners SET held_back = ?2 WHERE id = ?1;
