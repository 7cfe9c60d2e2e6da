-- What people read of products (server/src/sale/texts.rs). Price and stock are the ledger's.
CREATE TABLE product_text (
    room TEXT NOT NULL,
    product TEXT NOT NULL,
    title TEXT NOT NULL,
    picture TEXT NOT NULL,
    url TEXT NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (room, product)
) STRICT;

-- A projection of the ledger's journal (server/src/sale/projection.rs): for lists and sums, never for decisions.
CREATE TABLE orders (
    hold INTEGER PRIMARY KEY NOT NULL,
    room TEXT NOT NULL,
    buyer TEXT NOT NULL,
    product TEXT NOT NULL,
    sale TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price INTEGER NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL,
    -- 1 once the goods were sold, also when the money went back later.
    sold INTEGER NOT NULL,
    placed_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    payment TEXT NOT NULL
) STRICT;
CREATE INDEX orders_by_room ON orders (room, hold);
CREATE INDEX orders_by_sale ON orders (sale);

-- How far the journal is projected: the next byte to read, the last record folded.
CREATE TABLE ledger_position (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    next_byte INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;

-- What the shop has not been told yet (server/src/sale/webhooks.rs); `seq` is the record's number.
CREATE TABLE webhook (
    seq INTEGER PRIMARY KEY NOT NULL,
    hold INTEGER NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_by_hold ON webhook (hold, seq);
CREATE INDEX webhook_by_due ON webhook (due_ms);
