-- The number tells afterwards whether a commit went through whose answer was lost. A client that is gone must not keep its locks.
-- Why only indexes: see plan_by_index.sql.
SELECT txid_current(),
       set_config('idle_in_transaction_session_timeout', '15s', true),
       set_config('enable_seqscan', 'off', true),
       set_config('enable_bitmapscan', 'off', true);
