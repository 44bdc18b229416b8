UPDATE users SET
    display_name = NULL, description = NULL, avatar = NULL, banner = NULL, pinned_post = NULL, profile_cid = NULL, profile_rev = NULL
WHERE did = ANY ($1)
