-- The newest row is never deleted: its position says where the log goes on.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  site TEXT NOT NULL,
  event_id TEXT NOT NULL,
  visitor_id TEXT,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_id ON events (site, event_id);
CREATE INDEX events_by_visitor ON events (site, visitor_id) WHERE visitor_id IS NOT NULL;

CREATE TABLE calls (
  site TEXT NOT NULL,
  route TEXT NOT NULL,
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  results TEXT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (site, route, owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_time ON calls (received_at);

CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  stage TEXT NOT NULL,
  code TEXT NOT NULL,
  pointer TEXT NOT NULL,
  detail TEXT NOT NULL,
  route TEXT NOT NULL,
  key_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  raw_truncated INTEGER NOT NULL,
  raw TEXT NOT NULL,
  collector_version TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'open'
) STRICT;
CREATE INDEX dead_letters_by_site ON dead_letters (site, state, id);
CREATE INDEX dead_letters_by_expiry ON dead_letters (expires_at);
CREATE INDEX dead_letters_open ON dead_letters (state) WHERE state = 'open';
