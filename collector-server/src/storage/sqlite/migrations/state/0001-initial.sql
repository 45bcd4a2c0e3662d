-- Up to which position of the log each of its partitions has been projected.
CREATE TABLE projector (log_partition INTEGER PRIMARY KEY, position INTEGER NOT NULL) STRICT;

CREATE TABLE sessions (
  site TEXT NOT NULL,
  session_id TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, session_id, visitor_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_visitor ON sessions (site, visitor_id, started_at);

CREATE TABLE touchpoints (
  site TEXT NOT NULL,
  touchpoint_id TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, visitor_id, touchpoint_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session_keys (
  site TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  session_id TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  PRIMARY KEY (site, key, value, session_id, visitor_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE visitor_consents (
  site TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, visitor_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
  site TEXT NOT NULL,
  order_key TEXT NOT NULL,
  order_id TEXT NOT NULL,
  order_number TEXT,
  created_at TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  visitor_id TEXT,
  link_key TEXT,
  unlinked_reason TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (site, order_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_by_id ON orders (site, order_id);
CREATE INDEX orders_by_time ON orders (site, created_at);
CREATE INDEX orders_by_visitor ON orders (site, visitor_id) WHERE visitor_id IS NOT NULL;

-- The log's events about orders, by order: the log itself can't be asked for them.
CREATE TABLE order_events (
  site TEXT NOT NULL,
  order_key TEXT NOT NULL,
  position INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, order_key, position)
) STRICT, WITHOUT ROWID;

-- Events that were projected out of their turn, when what had kept them out was mended.
CREATE TABLE late_events (
  site TEXT NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY (site, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_keys (
  site TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  order_key TEXT NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY (site, key, value, order_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_keys_by_order ON order_keys (site, order_key);

CREATE TABLE links (
  site TEXT NOT NULL,
  order_key TEXT NOT NULL,
  place INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, order_key, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversions (
  site TEXT NOT NULL,
  conversion_id TEXT NOT NULL,
  order_key TEXT NOT NULL,
  seq INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, conversion_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversions_by_order ON conversions (site, order_key, seq);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site TEXT NOT NULL,
  conversion_id TEXT NOT NULL,
  destination TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  next_attempt_at INTEGER,
  reason TEXT,
  snapshot TEXT
) STRICT;
CREATE UNIQUE INDEX outbox_once ON outbox (site, conversion_id, destination);
-- Small whatever the history: only rows that still have somewhere to go.
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state IN ('waiting', 'sending');

CREATE TABLE attempts (
  outbox_id INTEGER NOT NULL REFERENCES outbox (id),
  attempt INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (outbox_id, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE reward_offers (
  site TEXT NOT NULL,
  nonce_hash TEXT NOT NULL,
  placement TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  points INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at INTEGER,
  -- The grant's event, until it is known to be in the log.
  unlogged TEXT,
  PRIMARY KEY (site, nonce_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX reward_offers_by_visitor ON reward_offers (site, visitor_id);
CREATE INDEX reward_offers_unlogged ON reward_offers (site) WHERE unlogged IS NOT NULL;
