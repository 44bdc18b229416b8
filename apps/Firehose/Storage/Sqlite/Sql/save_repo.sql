INSERT INTO repo_state (did, rev, data, status, account_status, identity_seq, identity_at, account_seq, account_at)
VALUES (?1, ?2, ?3, CASE WHEN ?4 THEN 'desynchronized' ELSE 'synchronized' END, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (did) DO UPDATE SET
    rev = excluded.rev, data = excluded.data, status = excluded.status, account_status = excluded.account_status,
    identity_seq = excluded.identity_seq, identity_at = excluded.identity_at,
    account_seq = excluded.account_seq, account_at = excluded.account_at;
