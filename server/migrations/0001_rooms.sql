-- Rooms and their stream keys (server/src/ops/directory.rs). The key is kept as it is, because operators copy it from the
-- console into an encoder; the data folder is readable by its owner only.
CREATE TABLE room (
    id TEXT PRIMARY KEY NOT NULL,
    title TEXT NOT NULL,
    currency TEXT NOT NULL,
    starts_ms INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    ladder INTEGER NOT NULL,
    stream_key TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
