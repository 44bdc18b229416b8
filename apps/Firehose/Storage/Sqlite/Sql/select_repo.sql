SELECT rev, data, status = 'desynchronized', account_status, identity_seq, identity_at, account_seq, account_at
FROM repo_state WHERE did = ?1;
