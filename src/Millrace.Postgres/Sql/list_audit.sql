SELECT at, actor, action, target, detail FROM millrace.audit ORDER BY n DESC LIMIT $1;
