SELECT held_back FROM owners WHERE id = ?1;
