INSERT INTO feed_items (uri, type, post_uri, originator, sort_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (uri) DO NOTHING;
