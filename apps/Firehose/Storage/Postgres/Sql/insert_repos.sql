INSERT INTO repo_state (did, rev, data, status, account_status, identity_seq, identity_at, account_seq, account_at)
SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (did) DO NOTHING
RETURNING did
