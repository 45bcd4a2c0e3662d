-- Derived again from the log: what orders and payments are known by is new.
DELETE FROM sessions;
DELETE FROM touchpoints;
DELETE FROM session_keys;
DELETE FROM visitor_consents;
DELETE FROM orders;
DELETE FROM order_events;
DELETE FROM late_events;
DELETE FROM order_keys;
DELETE FROM links;
DELETE FROM conversions;
DELETE FROM identifiers;
DELETE FROM identity_facts;
DELETE FROM claims;
DELETE FROM visitor_identifiers;
DELETE FROM visitors;
DELETE FROM loose_events;
DELETE FROM awaited_keys;
DELETE FROM projector;

-- `payments` are evidence of how an order was paid, and `evidence_of` says of which.
ALTER TABLE orders ADD COLUMN role TEXT NOT NULL DEFAULT 'orders';
ALTER TABLE orders ADD COLUMN evidence_of TEXT;
ALTER TABLE orders ADD COLUMN evidence_by TEXT;
CREATE INDEX orders_by_evidence ON orders (site, evidence_of) WHERE evidence_of IS NOT NULL;

-- Other ids that messages about an order may come under, as a gateway's captures.
CREATE TABLE order_aliases (
  site TEXT NOT NULL,
  alias TEXT NOT NULL,
  order_key TEXT NOT NULL,
  PRIMARY KEY (site, alias)
) STRICT, WITHOUT ROWID;

-- What an order and its payment are both known by.
CREATE TABLE order_references (
  site TEXT NOT NULL,
  role TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  order_key TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (site, role, kind, value, order_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_references_by_order ON order_references (site, order_key);

-- What a message asks for that is done outside of the store. Kept when projections are thrown away: it is not done twice.
CREATE TABLE source_tasks (
  site TEXT NOT NULL,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  wanted_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  done_at INTEGER,
  reason TEXT,
  PRIMARY KEY (site, source, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_tasks_due ON source_tasks (site, source, due_at) WHERE done_at IS NULL;

-- Where the poll of a connection stands, and what proves to the platform who asks.
CREATE TABLE connections (
  site TEXT NOT NULL,
  source TEXT NOT NULL,
  owner TEXT,
  leased_until INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  PRIMARY KEY (site, source)
) STRICT, WITHOUT ROWID;
