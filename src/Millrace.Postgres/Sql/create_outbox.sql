CREATE TABLE IF NOT EXISTS millrace_outbox (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue         text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL,
    body          bytea NOT NULL,
    key           text COLLATE "C",
    tenant        text COLLATE "C",
    headers       text COLLATE "C",
    run_at        timestamptz,
    priority      smallint NOT NULL,
    dedup         text COLLATE "C",
    dedup_window  bigint NOT NULL,
    requeued_from text COLLATE "C"
);

-- Tells the rows of this database from those of another that is emptied into the same store.
CREATE TABLE IF NOT EXISTS millrace_outbox_name (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    name text NOT NULL
);

INSERT INTO millrace_outbox_name (name) VALUES (md5(random()::text || clock_timestamp()::text)) ON CONFLICT DO NOTHING;
