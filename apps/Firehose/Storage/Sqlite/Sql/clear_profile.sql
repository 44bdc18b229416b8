UPDATE users SET
    display_name = NULL, description = NULL, avatar = NULL, banner = NULL, pinned_post = NULL, profile_cid = NULL, profile_rev = NULL
WHERE did = ?1 AND profile_rev <= ?2;
