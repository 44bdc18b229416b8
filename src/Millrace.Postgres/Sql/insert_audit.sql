INSERT INTO millrace.audit (at, actor, action, target, detail) VALUES (millrace.clock(), $1, $2, $3, $4);
