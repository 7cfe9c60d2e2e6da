-- Moderation (server/src/room/store.rs): what a room must still know after a restart.
CREATE TABLE room_pin (
    room TEXT PRIMARY KEY NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    product TEXT NOT NULL
) STRICT;

CREATE TABLE room_mute (
    room TEXT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    -- Public id of the sender in this room.
    sender TEXT NOT NULL,
    PRIMARY KEY (room, sender)
) STRICT, WITHOUT ROWID;

CREATE TABLE word (
    word TEXT PRIMARY KEY NOT NULL,
    -- 1: messages with it are refused; 0: it is masked.
    block INTEGER NOT NULL
) STRICT;
