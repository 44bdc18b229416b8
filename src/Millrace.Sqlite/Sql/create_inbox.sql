CREATE TABLE IF NOT EXISTS millrace_inbox (
    worker   TEXT NOT NULL,
    queue    TEXT NOT NULL,
    delivery TEXT NOT NULL,
    at       REAL NOT NULL,
    PRIMARY KEY (worker, queue, delivery)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS millrace_inbox_at ON millrace_inbox (at);
