-- Other sessions see the commit at once; only a crash of the server, which is no crash of ours, could undo it.
SELECT set_config('synchronous_commit', 'off', true);
