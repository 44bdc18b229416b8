SELECT min(expires_at) FROM owners WHERE id <> ?1;
