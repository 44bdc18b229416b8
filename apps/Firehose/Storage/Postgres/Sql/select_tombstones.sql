SELECT uri, rev FROM tombstones WHERE uri = ANY ($1)
