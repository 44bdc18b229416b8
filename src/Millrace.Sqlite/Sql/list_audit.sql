SELECT at, actor, action, target, detail FROM audit ORDER BY n DESC LIMIT $limit;
