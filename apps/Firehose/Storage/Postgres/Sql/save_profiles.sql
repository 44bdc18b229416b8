-- A profile that goes is saved as nothing, without revision.
UPDATE users AS u SET
    display_name = n.display_name, description = n.description, avatar = n.avatar, banner = n.banner, pinned_post = n.pinned_post,
    profile_cid = n.cid, profile_rev = n.saved_rev
FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
    AS n (did, rev, display_name, description, avatar, banner, pinned_post, cid, saved_rev)
WHERE u.did = n.did AND (u.profile_rev IS NULL OR u.profile_rev <= n.rev)
