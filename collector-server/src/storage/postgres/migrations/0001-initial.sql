-- The event log, partitioned by the day that an event's own id tells (a UUIDv7 begins with its time). Not by the day of its
-- arrival: a repeat has the same id, so it meets its first in the same partition, and one index there keeps ids unique over
-- the whole log. Keys compare by bytes (COLLATE "C"), as in the other engine.
CREATE TABLE events (
  day date NOT NULL,
  position bigint NOT NULL,
  log_partition smallint NOT NULL,
  site text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C",
  received_at bigint NOT NULL,
  body text NOT NULL
) PARTITION BY RANGE (day);
CREATE UNIQUE INDEX events_by_id ON events (site, event_id, day);
CREATE INDEX events_by_visitor ON events (site, visitor_id, position) WHERE visitor_id IS NOT NULL;
CREATE INDEX events_by_partition ON events (log_partition, position);
-- Ids that tell no day: those of orders' deliveries, and whatever else a sender chose.
CREATE TABLE events_undated PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
-- Days that nobody prepared for. Nothing is ever refused for want of a partition.
CREATE TABLE events_other PARTITION OF events DEFAULT;

-- The last position that was given away. Its row is the lock that makes positions visible in their order: it is held until
-- the commit, so who sees a position sees all before it.
CREATE TABLE log_head (one smallint PRIMARY KEY CHECK (one = 1), position bigint NOT NULL);
INSERT INTO log_head VALUES (1, 0);

-- Appends events, a line of each argument for each; answers the results packed, or null when every event was new. Each
-- statement of the function sees what was committed before it began, so that after the lock nothing is missed.
CREATE FUNCTION append_events(days text, partitions text, sites text, ids text, visitors text, receiveds text, bodies text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  head bigint;
  count bigint := coalesce(array_length(string_to_array(ids, E'\n'), 1), 0);
  results text;
BEGIN
  UPDATE log_head SET position = position + count RETURNING position - count INTO head;
  BEGIN
    INSERT INTO events (day, position, log_partition, site, event_id, visitor_id, received_at, body)
      SELECT day::date, head + n, log_partition::smallint, site, event_id, visitor_id, received_at::bigint, body
      FROM unnest(string_to_array(days, E'\n'), string_to_array(partitions, E'\n'), string_to_array(sites, E'\n'),
        string_to_array(ids, E'\n'), string_to_array(visitors, E'\n', ''), string_to_array(receiveds, E'\n'),
        string_to_array(bodies, E'\n'))
        WITH ORDINALITY AS given (day, log_partition, site, event_id, visitor_id, received_at, body, n);
    RETURN NULL;
  EXCEPTION WHEN unique_violation THEN
    -- Some came before: rare, so only now it is looked up which.
    NULL;
  END;
  CREATE TEMP TABLE IF NOT EXISTS given_events (n bigint, day date, log_partition smallint, site text COLLATE "C",
    event_id text COLLATE "C", visitor_id text COLLATE "C", received_at bigint, body text, is_new boolean) ON COMMIT DELETE ROWS;
  TRUNCATE given_events;
  INSERT INTO given_events
    SELECT n, day::date, log_partition::smallint, site, event_id, visitor_id, received_at::bigint, body, false
    FROM unnest(string_to_array(days, E'\n'), string_to_array(partitions, E'\n'), string_to_array(sites, E'\n'),
      string_to_array(ids, E'\n'), string_to_array(visitors, E'\n', ''), string_to_array(receiveds, E'\n'),
      string_to_array(bodies, E'\n'))
      WITH ORDINALITY AS given (day, log_partition, site, event_id, visitor_id, received_at, body, n);
  UPDATE given_events g SET is_new = true
    WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.site = g.site AND e.event_id = g.event_id AND e.day = g.day)
      AND NOT EXISTS (SELECT 1 FROM given_events f WHERE f.site = g.site AND f.event_id = g.event_id AND f.n < g.n);
  INSERT INTO events (day, position, log_partition, site, event_id, visitor_id, received_at, body)
    SELECT day, head + row_number() OVER (ORDER BY n), log_partition, site, event_id, visitor_id, received_at, body
    FROM given_events WHERE is_new;
  UPDATE log_head SET position = head + (SELECT count(*) FROM given_events WHERE is_new);
  SELECT string_agg(CASE WHEN is_new THEN 'a' ELSE 'd' END, '' ORDER BY n) INTO results FROM given_events;
  RETURN results;
END $$;

CREATE TABLE calls (
  site text COLLATE "C" NOT NULL,
  route text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  body_hash text NOT NULL,
  received_at bigint NOT NULL,
  results text NOT NULL,
  answer text NOT NULL,
  PRIMARY KEY (site, route, owner, key)
);
CREATE INDEX calls_by_time ON calls (received_at);

CREATE TABLE dead_letters (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  site text COLLATE "C" NOT NULL,
  received_at bigint NOT NULL,
  stage text NOT NULL,
  code text NOT NULL,
  pointer text NOT NULL,
  detail text NOT NULL,
  route text NOT NULL,
  key_id text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  raw_truncated boolean NOT NULL,
  raw text NOT NULL,
  collector_version text NOT NULL,
  expires_at bigint NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'open'
);
CREATE INDEX dead_letters_by_site ON dead_letters (site, state, id);
CREATE INDEX dead_letters_by_expiry ON dead_letters (expires_at);
CREATE INDEX dead_letters_open ON dead_letters (state) WHERE state = 'open';

-- Up to which position of the log each of its partitions has been projected, and who has it for how long.
CREATE TABLE projector (log_partition integer PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE projector_leases (log_partition integer PRIMARY KEY, owner text NOT NULL, until timestamptz NOT NULL);
CREATE TABLE projector_owners (owner text PRIMARY KEY, until timestamptz NOT NULL);

CREATE TABLE sessions (
  site text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  started_at bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, session_id, visitor_id)
);
CREATE INDEX sessions_by_visitor ON sessions (site, visitor_id, started_at);

CREATE TABLE touchpoints (
  site text COLLATE "C" NOT NULL,
  touchpoint_id text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  occurred_at bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, visitor_id, touchpoint_id)
);

CREATE TABLE session_keys (
  site text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  occurred_at bigint NOT NULL,
  PRIMARY KEY (site, key, value, session_id, visitor_id)
);

CREATE TABLE visitor_consents (
  site text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  occurred_at bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, visitor_id)
);

CREATE TABLE orders (
  site text COLLATE "C" NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  order_id text COLLATE "C" NOT NULL,
  order_number text COLLATE "C",
  created_at text COLLATE "C" NOT NULL,
  received_at bigint NOT NULL,
  visitor_id text COLLATE "C",
  link_key text,
  unlinked_reason text,
  body text NOT NULL,
  PRIMARY KEY (site, order_key)
);
CREATE INDEX orders_by_id ON orders (site, order_id);
CREATE INDEX orders_by_time ON orders (site, created_at);
CREATE INDEX orders_by_visitor ON orders (site, visitor_id) WHERE visitor_id IS NOT NULL;

-- The log's events about orders, by order: the log itself can't be asked for them.
CREATE TABLE order_events (
  site text COLLATE "C" NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  position bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, order_key, position)
);

-- Events that were projected out of their turn, when what had kept them out was mended.
CREATE TABLE late_events (
  site text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, event_id)
);

CREATE TABLE order_keys (
  site text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, key, value, order_key)
);
CREATE INDEX order_keys_by_order ON order_keys (site, order_key);

CREATE TABLE links (
  site text COLLATE "C" NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  place integer NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, order_key, place)
);

CREATE TABLE conversions (
  site text COLLATE "C" NOT NULL,
  conversion_id text COLLATE "C" NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  seq integer NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (site, conversion_id)
);
CREATE INDEX conversions_by_order ON conversions (site, order_key, seq);

CREATE TABLE outbox (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  site text COLLATE "C" NOT NULL,
  conversion_id text COLLATE "C" NOT NULL,
  destination text COLLATE "C" NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  fence bigint NOT NULL DEFAULT 0,
  created_at bigint NOT NULL,
  next_attempt_at bigint,
  reason text,
  snapshot text
);
CREATE UNIQUE INDEX outbox_once ON outbox (site, conversion_id, destination);
-- Small whatever the history: only rows that still have somewhere to go.
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state IN ('waiting', 'sending');

CREATE TABLE attempts (
  outbox_id bigint NOT NULL REFERENCES outbox (id),
  attempt integer NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (outbox_id, attempt)
);

CREATE TABLE reward_offers (
  site text COLLATE "C" NOT NULL,
  nonce_hash text COLLATE "C" NOT NULL,
  placement text COLLATE "C" NOT NULL,
  visitor_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  points integer NOT NULL,
  duration_ms integer NOT NULL,
  expires_at bigint NOT NULL,
  state text NOT NULL,
  started_at bigint,
  -- The grant's event, until it is known to be in the log.
  unlogged text,
  PRIMARY KEY (site, nonce_hash)
);
CREATE INDEX reward_offers_by_visitor ON reward_offers (site, visitor_id);
CREATE UNIQUE INDEX reward_offers_once ON reward_offers (site, visitor_id, placement) WHERE state = 'claimed';
CREATE INDEX reward_offers_unlogged ON reward_offers (site) WHERE unlogged IS NOT NULL;
