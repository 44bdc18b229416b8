-- Identifiers compare bytewise: revisions are ordered so, and it is the cheapest order for keys.
CREATE TABLE users (
    did text COLLATE "C" NOT NULL PRIMARY KEY,
    handle text,
    display_name text,
    description text,
    avatar text,
    banner text,
    pinned_post text COLLATE "C",
    profile_cid text COLLATE "C",
    profile_rev text COLLATE "C",
    status text NOT NULL,
    indexed_at timestamptz NOT NULL
);

CREATE TABLE posts (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    cid text COLLATE "C" NOT NULL,
    author text COLLATE "C" NOT NULL,
    text text NOT NULL,
    langs text[],
    tags text[],
    reply_root text COLLATE "C",
    reply_parent text COLLATE "C",
    quoted_uri text COLLATE "C",
    embed jsonb,
    facets jsonb,
    created_at timestamptz,
    indexed_at timestamptz NOT NULL,
    rev text COLLATE "C" NOT NULL
);
CREATE INDEX posts_replies ON posts (reply_parent) WHERE reply_parent IS NOT NULL;
CREATE INDEX posts_quotes ON posts (quoted_uri) WHERE quoted_uri IS NOT NULL;

-- counted: one row of each (actor, subject) pair, the earliest by (rev, uri); the others wait for its deletion.
CREATE TABLE likes (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    cid text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    subject_uri text COLLATE "C" NOT NULL,
    subject_cid text COLLATE "C" NOT NULL,
    created_at timestamptz,
    rev text COLLATE "C" NOT NULL,
    counted boolean NOT NULL
);
CREATE INDEX likes_pair ON likes (subject_uri, actor);

CREATE TABLE reposts (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    cid text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    subject_uri text COLLATE "C" NOT NULL,
    subject_cid text COLLATE "C" NOT NULL,
    created_at timestamptz,
    indexed_at timestamptz NOT NULL,
    rev text COLLATE "C" NOT NULL,
    counted boolean NOT NULL
);
CREATE INDEX reposts_pair ON reposts (subject_uri, actor);

CREATE TABLE follows (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    cid text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    subject_did text COLLATE "C" NOT NULL,
    created_at timestamptz,
    rev text COLLATE "C" NOT NULL,
    counted boolean NOT NULL
);
CREATE INDEX follows_pair ON follows (subject_did, actor);

CREATE TABLE blocks (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    cid text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    subject_did text COLLATE "C" NOT NULL,
    created_at timestamptz,
    rev text COLLATE "C" NOT NULL
);
CREATE INDEX blocks_subject ON blocks (subject_did, actor);

-- One item for each post, and one for each counted repost of a post that is here.
CREATE TABLE feed_items (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    type text NOT NULL,
    post_uri text COLLATE "C" NOT NULL,
    originator text COLLATE "C" NOT NULL,
    sort_at timestamptz NOT NULL
);
CREATE INDEX feed_items_feed ON feed_items (originator, sort_at);

-- What is counted of a post, whether it is here (posts = 1) or not yet: batches that commit at the same time only ever add to it, so that a
-- like and its post may come in any order. The rows of absent posts do not show in post_counts.
CREATE TABLE post_tallies (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    posts integer NOT NULL,
    likes integer NOT NULL,
    reposts integer NOT NULL,
    replies integer NOT NULL,
    quotes integer NOT NULL
) WITH (fillfactor = 80);
CREATE VIEW post_counts AS
    SELECT uri, likes, reposts, replies, quotes FROM post_tallies WHERE posts > 0;

-- A row for each DID of which some counter is not zero.
CREATE TABLE user_counts (
    did text COLLATE "C" NOT NULL PRIMARY KEY,
    posts integer NOT NULL,
    follows integer NOT NULL,
    followers integer NOT NULL
) WITH (fillfactor = 80);

-- identity_* and account_*: sequence number and time of the latest such event, which bear no rev.
CREATE TABLE repo_state (
    did text COLLATE "C" NOT NULL PRIMARY KEY,
    rev text COLLATE "C",
    data text COLLATE "C",
    status text NOT NULL,
    account_status text NOT NULL,
    identity_seq bigint NOT NULL,
    identity_at timestamptz,
    account_seq bigint NOT NULL,
    account_at timestamptz
) WITH (fillfactor = 80);

CREATE TABLE tombstones (
    uri text COLLATE "C" NOT NULL PRIMARY KEY,
    rev text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX tombstones_expiry ON tombstones (expires_at);

-- Records that do not fit their table, with the delivery that became the dead letter.
CREATE TABLE rejected_records (
    uri text COLLATE "C" NOT NULL,
    rev text COLLATE "C" NOT NULL,
    delivery text NOT NULL,
    reason text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (uri, rev)
);

-- In slots, so that batches that commit at the same time do not wait for one row.
CREATE TABLE total_slots (
    name text COLLATE "C" NOT NULL,
    slot integer NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (name, slot)
) WITH (fillfactor = 50);
CREATE VIEW totals AS
    SELECT name, sum(value)::bigint AS value FROM total_slots GROUP BY name;

CREATE TABLE relay_cursors (
    host text COLLATE "C" NOT NULL PRIMARY KEY,
    seq bigint NOT NULL,
    saved_at timestamptz NOT NULL
);

-- What a reader of the network may see: rows of hidden accounts stay and count, but do not show.
CREATE VIEW visible_posts AS
    SELECT p.* FROM posts p JOIN users u ON u.did = p.author WHERE u.status = 'active';
CREATE VIEW visible_feed_items AS
    SELECT f.* FROM feed_items f JOIN users u ON u.did = f.originator WHERE u.status = 'active';
