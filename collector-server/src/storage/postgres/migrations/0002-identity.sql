-- Everything is derived anew, since what is derived now holds more. What was sent stays sent.
TRUNCATE sessions, touchpoints, session_keys, visitor_consents, orders, order_events, late_events, order_keys, links, conversions, projector;

-- Keys that the person of an order is known by, beside those that the order shows.
ALTER TABLE order_keys ADD COLUMN by_person boolean NOT NULL DEFAULT false;

-- Who is who. Identifiers that some event named together, however indirectly, share a cluster; its facts say which of them are
-- one person. `person_id` is what the person is called when this identifier was seen first.
CREATE TABLE identifiers (
  site text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  person_id text COLLATE "C" NOT NULL,
  cluster text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, type, value)
);
CREATE INDEX identifiers_by_cluster ON identifiers (site, cluster);
CREATE INDEX identifiers_by_person ON identifiers (person_id);

CREATE TABLE identity_facts (
  site text COLLATE "C" NOT NULL,
  fact text COLLATE "C" NOT NULL,
  cluster text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, fact)
);
CREATE INDEX identity_facts_by_cluster ON identity_facts (site, cluster);

-- Events of a device that name an identifier, and what was ever named on it.
CREATE TABLE claims (
  site text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, visitor_id, session_id, at, event_id)
);
CREATE INDEX claims_by_identifier ON claims (site, type, value, at, event_id);

CREATE TABLE visitor_identifiers (
  site text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, visitor_id, type, value)
);
CREATE INDEX visitor_identifiers_by_identifier ON visitor_identifiers (site, type, value);

CREATE TABLE visitors (
  site text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  person_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, visitor_id)
);
CREATE INDEX visitors_by_person ON visitors (person_id);

-- Erasures. While one is not done, `body` says whose; then it holds keyed hashes alone, and is thrown away with their key.
CREATE TABLE erasures (
  site text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  is_done boolean NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, event_id)
);

-- Events of devices that named no session, with the one that they were given: a late one may give them others.
CREATE TABLE loose_events (
  site text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, visitor_id, at, event_id)
);
CREATE INDEX loose_events_by_session ON loose_events (site, visitor_id, session_id, at, event_id);

-- Keys that servers named sessions by, for visits that begin later.
CREATE TABLE awaited_keys (
  site text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, visitor_id, session_id, key, value)
);
