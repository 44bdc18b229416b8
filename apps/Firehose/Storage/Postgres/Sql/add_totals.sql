INSERT INTO total_slots AS t (name, slot, value)
SELECT n.name, pg_backend_pid() % 64, n.value FROM unnest($1, $2) AS n (name, value)
ON CONFLICT (name, slot) DO UPDATE SET value = t.value + excluded.value
