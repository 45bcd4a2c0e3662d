-- Derived again from the log: what orders and payments are known by is new.
TRUNCATE sessions, touchpoints, session_keys, visitor_consents, orders, order_events, late_events, order_keys, links, conversions,
  identifiers, identity_facts, claims, visitor_identifiers, visitors, loose_events, awaited_keys, projector;

-- `payments` are evidence of how an order was paid, and `evidence_of` says of which.
ALTER TABLE orders ADD COLUMN role text COLLATE "C" NOT NULL DEFAULT 'orders';
ALTER TABLE orders ADD COLUMN evidence_of text COLLATE "C";
ALTER TABLE orders ADD COLUMN evidence_by text COLLATE "C";
CREATE INDEX orders_by_evidence ON orders (site, evidence_of) WHERE evidence_of IS NOT NULL;

-- Other ids that messages about an order may come under, as a gateway's captures.
CREATE TABLE order_aliases (
  site text COLLATE "C" NOT NULL,
  alias text COLLATE "C" NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, alias)
);

-- What an order and its payment are both known by.
CREATE TABLE order_references (
  site text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (site, role, kind, value, order_key)
);
CREATE INDEX order_references_by_order ON order_references (site, order_key);

-- What a message asks for that is done outside of the store. Kept when projections are thrown away: it is not done twice.
CREATE TABLE source_tasks (
  site text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  wanted_at bigint NOT NULL,
  due_at bigint NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  done_at bigint,
  reason text COLLATE "C",
  PRIMARY KEY (site, source, kind, subject)
);
CREATE INDEX source_tasks_due ON source_tasks (site, source, due_at) WHERE done_at IS NULL;

-- Where the poll of a connection stands, and what proves to the platform who asks.
CREATE TABLE connections (
  site text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  owner text COLLATE "C",
  leased_until bigint NOT NULL DEFAULT 0,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, source)
);
