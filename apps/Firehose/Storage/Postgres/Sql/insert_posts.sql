-- Each with its feed item, which an older row of that name may have left.
WITH came AS (
    INSERT INTO posts (uri, cid, author, text, langs, tags, reply_root, reply_parent, quoted_uri, embed, facets, created_at, indexed_at, rev)
    SELECT uri, cid, author, text, langs::text[], tags::text[], reply_root, reply_parent, quoted_uri, embed::jsonb, facets::jsonb, created_at, indexed_at, rev
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        AS n (uri, cid, author, text, langs, tags, reply_root, reply_parent, quoted_uri, embed, facets, created_at, indexed_at, rev)
    ON CONFLICT (uri) DO NOTHING
    RETURNING uri, author, reply_parent, created_at, indexed_at
), items AS (
    INSERT INTO feed_items (uri, type, post_uri, originator, sort_at)
    SELECT uri, CASE WHEN reply_parent IS NULL THEN 'post' ELSE 'reply' END, uri, author, least(created_at, indexed_at) FROM came
    ON CONFLICT (uri) DO UPDATE SET type = excluded.type, sort_at = excluded.sort_at
)
SELECT uri FROM came
