CREATE TABLE IF NOT EXISTS millrace_outbox (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    queue         TEXT NOT NULL,
    kind          TEXT NOT NULL,
    body          BLOB NOT NULL,
    key           TEXT,
    tenant        TEXT,
    headers       BLOB,
    run_at        INTEGER,
    priority      INTEGER NOT NULL,
    dedup         TEXT,
    dedup_window  INTEGER NOT NULL,
    requeued_from TEXT
);

-- Tells the rows of this database from those of another that is emptied into the same store.
CREATE TABLE IF NOT EXISTS millrace_outbox_name (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL
);

INSERT OR IGNORE INTO millrace_outbox_name (one, name) VALUES (1, lower(hex(randomblob(16))));
