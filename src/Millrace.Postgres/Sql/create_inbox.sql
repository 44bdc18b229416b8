CREATE TABLE IF NOT EXISTS millrace_inbox (
    worker   text COLLATE "C" NOT NULL,
    queue    text COLLATE "C" NOT NULL,
    delivery text COLLATE "C" NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (worker, queue, delivery)
);

CREATE INDEX IF NOT EXISTS millrace_inbox_at ON millrace_inbox (at);
