INSERT INTO posts (uri, cid, author, text, langs, tags, reply_root, reply_parent, quoted_uri, embed, facets, created_at, indexed_at, rev)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (uri) DO NOTHING;
