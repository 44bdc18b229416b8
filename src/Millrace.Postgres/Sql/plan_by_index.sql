-- The tables swing between empty and millions within minutes, so that statistics are always wrong: the indexes are always right.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true);
