CREATE TABLE users (
    did TEXT NOT NULL PRIMARY KEY,
    handle TEXT,
    display_name TEXT,
    description TEXT,
    avatar TEXT,
    banner TEXT,
    pinned_post TEXT,
    profile_cid TEXT,
    profile_rev TEXT,
    status TEXT NOT NULL,
    indexed_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE posts (
    uri TEXT NOT NULL PRIMARY KEY,
    cid TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    langs TEXT,
    tags TEXT,
    reply_root TEXT,
    reply_parent TEXT,
    quoted_uri TEXT,
    embed TEXT,
    facets TEXT,
    created_at TEXT,
    indexed_at TEXT NOT NULL,
    rev TEXT NOT NULL
);
CREATE INDEX posts_replies ON posts (reply_parent) WHERE reply_parent IS NOT NULL;
CREATE INDEX posts_quotes ON posts (quoted_uri) WHERE quoted_uri IS NOT NULL;

-- counted: one row of each (actor, subject) pair is 1, the earliest by (rev, uri); the others wait for its deletion.
CREATE TABLE likes (
    uri TEXT NOT NULL PRIMARY KEY,
    cid TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject_uri TEXT NOT NULL,
    subject_cid TEXT NOT NULL,
    created_at TEXT,
    rev TEXT NOT NULL,
    counted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX likes_pair ON likes (subject_uri, actor);

CREATE TABLE reposts (
    uri TEXT NOT NULL PRIMARY KEY,
    cid TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject_uri TEXT NOT NULL,
    subject_cid TEXT NOT NULL,
    created_at TEXT,
    indexed_at TEXT NOT NULL,
    rev TEXT NOT NULL,
    counted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX reposts_pair ON reposts (subject_uri, actor);

CREATE TABLE follows (
    uri TEXT NOT NULL PRIMARY KEY,
    cid TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject_did TEXT NOT NULL,
    created_at TEXT,
    rev TEXT NOT NULL,
    counted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX follows_pair ON follows (subject_did, actor);

CREATE TABLE blocks (
    uri TEXT NOT NULL PRIMARY KEY,
    cid TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject_did TEXT NOT NULL,
    created_at TEXT,
    rev TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX blocks_subject ON blocks (subject_did, actor);

-- One item for each post, and one for each counted repost of a post that is here.
CREATE TABLE feed_items (
    uri TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    post_uri TEXT NOT NULL,
    originator TEXT NOT NULL,
    sort_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX feed_items_feed ON feed_items (originator, sort_at);

-- A row for each post that is here, and for no other.
CREATE TABLE post_counts (
    uri TEXT NOT NULL PRIMARY KEY,
    likes INTEGER NOT NULL,
    reposts INTEGER NOT NULL,
    replies INTEGER NOT NULL,
    quotes INTEGER NOT NULL
) WITHOUT ROWID;

-- A row for each DID of which some counter is not zero.
CREATE TABLE user_counts (
    did TEXT NOT NULL PRIMARY KEY,
    posts INTEGER NOT NULL,
    follows INTEGER NOT NULL,
    followers INTEGER NOT NULL
) WITHOUT ROWID;

-- identity_* and account_*: sequence number and time of the latest such event, which bear no rev.
CREATE TABLE repo_state (
    did TEXT NOT NULL PRIMARY KEY,
    rev TEXT,
    data TEXT,
    status TEXT NOT NULL,
    account_status TEXT NOT NULL,
    identity_seq INTEGER NOT NULL,
    identity_at TEXT,
    account_seq INTEGER NOT NULL,
    account_at TEXT
) WITHOUT ROWID;

CREATE TABLE tombstones (
    uri TEXT NOT NULL PRIMARY KEY,
    rev TEXT NOT NULL,
    expires_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tombstones_expiry ON tombstones (expires_at);

-- Records that do not fit their table, with the delivery that became the dead letter.
CREATE TABLE rejected_records (
    uri TEXT NOT NULL,
    rev TEXT NOT NULL,
    delivery TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (uri, rev)
) WITHOUT ROWID;

CREATE TABLE totals (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE relay_cursors (
    host TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    saved_at TEXT NOT NULL
) WITHOUT ROWID;

-- What a reader of the network may see: rows of hidden accounts stay and count, but do not show.
CREATE VIEW visible_posts AS
    SELECT p.* FROM posts p JOIN users u ON u.did = p.author WHERE u.status = 'active';
CREATE VIEW visible_feed_items AS
    SELECT f.* FROM feed_items f JOIN users u ON u.did = f.originator WHERE u.status = 'active';
