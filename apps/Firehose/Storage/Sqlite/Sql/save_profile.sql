UPDATE users SET
    display_name = ?2, description = ?3, avatar = ?4, banner = ?5, pinned_post = ?6, profile_cid = ?7, profile_rev = ?8
WHERE did = ?1 AND (profile_rev IS NULL OR profile_rev < ?8);
