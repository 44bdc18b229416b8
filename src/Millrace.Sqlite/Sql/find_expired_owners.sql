SELECT id FROM owners WHERE expires_at <= ?1;
