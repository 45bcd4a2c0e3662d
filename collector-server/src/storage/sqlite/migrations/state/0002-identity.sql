-- Everything is derived anew, since what is derived now holds more. What was sent stays sent.
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
DELETE FROM projector;

-- Keys that the person of an order is known by, beside those that the order shows.
ALTER TABLE order_keys ADD COLUMN by_person INTEGER NOT NULL DEFAULT 0;

-- Who is who. Identifiers that some event named together, however indirectly, share a cluster; its facts say which of them are
-- one person. `person_id` is what the person is called when this identifier was seen first.
CREATE TABLE identifiers (
  site TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  person_id TEXT NOT NULL,
  cluster TEXT NOT NULL,
  PRIMARY KEY (site, type, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_by_cluster ON identifiers (site, cluster);
CREATE INDEX identifiers_by_person ON identifiers (person_id);

CREATE TABLE identity_facts (
  site TEXT NOT NULL,
  fact TEXT NOT NULL,
  cluster TEXT NOT NULL,
  at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, fact)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_facts_by_cluster ON identity_facts (site, cluster);

-- Events of a device that name an identifier, and what was ever named on it.
CREATE TABLE claims (
  site TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (site, visitor_id, session_id, at, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_identifier ON claims (site, type, value, at, event_id);

CREATE TABLE visitor_identifiers (
  site TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (site, visitor_id, type, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX visitor_identifiers_by_identifier ON visitor_identifiers (site, type, value);

CREATE TABLE visitors (
  site TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  person_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY (site, visitor_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX visitors_by_person ON visitors (person_id);

-- Erasures. While one is not done, `body` says whose; then it holds keyed hashes alone, and is thrown away with their key.
CREATE TABLE erasures (
  site TEXT NOT NULL,
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  is_done INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, event_id)
) STRICT, WITHOUT ROWID;

-- Events of devices that named no session, with the one that they were given: a late one may give them others.
CREATE TABLE loose_events (
  site TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, visitor_id, at, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX loose_events_by_session ON loose_events (site, visitor_id, session_id, at, event_id);

-- Keys that servers named sessions by, for visits that begin later.
CREATE TABLE awaited_keys (
  site TEXT NOT NULL,
  visitor_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (site, visitor_id, session_id, key, value)
) STRICT, WITHOUT ROWID;
