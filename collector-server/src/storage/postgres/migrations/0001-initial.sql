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

-- Makes the partition of a day. What the day has in the partition for other days moves into it, so that a clock that is ahead
-- can't keep a day from having its own. Answers whether there was anything to do. With its owner's rights: collectors need not
-- be allowed to make tables.
CREATE FUNCTION prepare_event_day(wanted date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  name text := 'events_' || to_char(wanted, 'YYYYMMDD');
BEGIN
  IF to_regclass(name) IS NOT NULL THEN RETURN false; END IF;
  LOCK TABLE events_other IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS)', name);
  EXECUTE format('WITH moved AS (DELETE FROM events_other WHERE day = %L RETURNING *) INSERT INTO %I SELECT * FROM moved', wanted, name);
  EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, wanted, wanted + 1);
  RETURN true;
END $$;

-- The last position that was given away. Its row is the lock that makes positions visible in their order: it is held until
-- the commit, so who sees a position sees all before it.
CREATE TABLE log_head (one smallint PRIMARY KEY CHECK (one = 1), position bigint NOT NULL);
INSERT INTO log_head VALUES (1, 0);

-- Up to which position a day (since 1970) may have got events: who reads on from a position skips the days that were done
-- before it. Noted some way ahead, so that most appends find it noted.
CREATE TABLE event_days (day integer PRIMARY KEY, last_position bigint NOT NULL);

-- The first day that got events after a position. The log has a partition a day, and of years of them those who keep up need
-- one or two. Ids that tell no day lie before 2020, and may come at any time.
CREATE FUNCTION first_day_after(after bigint) RETURNS date LANGUAGE sql STABLE AS $$
  SELECT coalesce(date '1970-01-01' + min(day), 'infinity') FROM event_days WHERE last_position > after AND day > 0
$$;

-- Events of one log partition after a position. A function, so that the day is known when the scan is set up: looked up inside
-- of the statement, it would come after every day's scan has been set up.
CREATE FUNCTION read_events(partition smallint, after bigint, max_events integer)
RETURNS TABLE ("position" bigint, site text, event_id text, visitor_id text, received_at bigint, body text)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  first_day date := first_day_after(after);
BEGIN
  RETURN QUERY SELECT position, site, event_id, visitor_id, received_at, body FROM events
    WHERE log_partition = partition AND position > after AND (day < '2020-01-01' OR day >= first_day)
    ORDER BY position LIMIT max_events;
END $$;

-- The log partitions that hold events after these positions, one for each.
CREATE FUNCTION waiting_partitions(positions bigint[]) RETURNS integer[] LANGUAGE plpgsql STABLE AS $$
DECLARE
  head bigint := (SELECT position FROM log_head);
  first_day date := first_day_after((SELECT min(reached) FROM unnest(positions) AS reached));
BEGIN
  RETURN array(SELECT n::integer - 1 FROM unnest(positions) WITH ORDINALITY AS reached (place, n)
    WHERE place < head AND EXISTS (SELECT 1 FROM events
      WHERE log_partition = n - 1 AND position > place AND (day < '2020-01-01' OR day >= first_day))
    ORDER BY n);
END $$;

-- Appends a batch: events as columns (texts with a line each, since neither ids nor JSON hold a line feed), dead letters and
-- calls as JSON arrays or null; `touched` are the days without repeats. Answers the results packed, `a` or `d` each, or null when every event was new. Each statement of
-- a volatile function sees what was committed before that statement began, so that after the lock nothing is missed.
CREATE FUNCTION append_events(touched integer[], days integer[], partitions smallint[], sites text, ids text, visitors text, receiveds bigint[],
  bodies text, letters json, named_calls json) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  given integer := cardinality(days);
  head bigint;
  results text;
  noted_ahead CONSTANT integer := 10000;
BEGIN
  UPDATE log_head SET position = position + given RETURNING position - given INTO head;
  IF given > 0 THEN
    BEGIN
      INSERT INTO events (day, position, log_partition, site, event_id, visitor_id, received_at, body)
        SELECT date '1970-01-01' + day, head + n, log_partition, site, event_id, visitor_id, received_at, body
        FROM unnest(days, partitions, string_to_array(sites, E'\n'), string_to_array(ids, E'\n'),
          string_to_array(visitors, E'\n', ''), receiveds, string_to_array(bodies, E'\n'))
          WITH ORDINALITY AS lines (day, log_partition, site, event_id, visitor_id, received_at, body, n);
    EXCEPTION WHEN unique_violation THEN
      -- Some came before. It is rare, so only now it is looked up which.
      results := append_new_events(days, partitions, sites, ids, visitors, receiveds, bodies, head);
      given := length(replace(results, 'd', ''));
    END;
    IF (SELECT count(*) FROM event_days WHERE day = ANY (touched) AND last_position >= head + given) < cardinality(touched) THEN
      INSERT INTO event_days SELECT day, head + given + noted_ahead FROM unnest(touched) AS day
        ON CONFLICT (day) DO UPDATE SET last_position = excluded.last_position;
    END IF;
  END IF;
  IF letters IS NOT NULL THEN
    INSERT INTO dead_letters (site, received_at, stage, code, pointer, detail, route, key_id, size, sha256, raw_truncated, raw,
        collector_version, expires_at)
      SELECT * FROM json_to_recordset(letters) AS letter (site text, received_at bigint, stage text, code text, pointer text,
        detail text, route text, key_id text, size bigint, sha256 text, raw_truncated boolean, raw text,
        collector_version text, expires_at bigint);
  END IF;
  IF named_calls IS NOT NULL THEN
    INSERT INTO calls
      SELECT site, route, owner, key, body_hash, received_at,
        substr(coalesce(results, repeat('a', given)), first + 1, count), answer
      FROM json_to_recordset(named_calls) AS call (site text, route text, owner text, key text, body_hash text,
        received_at bigint, answer text, first integer, count integer)
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN results;
END $$;

-- Appends those that the log does not hold yet, the first of each, at the positions after `head`; takes back what positions
-- are left over. Looked up by index whatever the planner takes the tables to hold: they have just grown.
CREATE FUNCTION append_new_events(days integer[], partitions smallint[], sites text, ids text, visitors text, receiveds bigint[],
  bodies text, head bigint) RETURNS text LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off
  SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  results text;
BEGIN
  WITH lines AS MATERIALIZED (
    SELECT date '1970-01-01' + day AS day, log_partition, site COLLATE "C" AS site, event_id COLLATE "C" AS event_id, visitor_id,
      received_at, body, n
    FROM unnest(days, partitions, string_to_array(sites, E'\n'), string_to_array(ids, E'\n'),
      string_to_array(visitors, E'\n', ''), receiveds, string_to_array(bodies, E'\n'))
      WITH ORDINALITY AS lines (day, log_partition, site, event_id, visitor_id, received_at, body, n)
  ), firsts AS MATERIALIZED (
    SELECT DISTINCT ON (site, event_id) * FROM lines
    WHERE NOT EXISTS (SELECT 1 FROM events AS known
      WHERE known.site = lines.site AND known.event_id = lines.event_id AND known.day = lines.day)
    ORDER BY site, event_id, n
  ), stored AS (
    INSERT INTO events (day, position, log_partition, site, event_id, visitor_id, received_at, body)
      SELECT day, head + row_number() OVER (ORDER BY n), log_partition, site, event_id, visitor_id, received_at, body FROM firsts
  )
  SELECT string_agg(CASE WHEN firsts.n IS NULL THEN 'd' ELSE 'a' END, '' ORDER BY lines.n) INTO results
    FROM lines LEFT JOIN firsts USING (n);
  UPDATE log_head SET position = head + length(replace(results, 'd', ''));
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

-- Renews what an owner holds, gives back what is more than its share, and takes what is free up to it; answers what it holds
-- then. By the database's clock, which is one for all. Who asks counts as alive, and the living share alike.
CREATE FUNCTION lease_partitions(asking text, partitions integer, lease_ms bigint) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
  present timestamptz;
  share integer;
BEGIN
  -- One at a time, so that the shares are counted on what is.
  LOCK TABLE projector_owners IN EXCLUSIVE MODE;
  present := clock_timestamp();
  INSERT INTO projector_owners VALUES (asking, present + lease_ms * interval '1 ms')
    ON CONFLICT (owner) DO UPDATE SET until = excluded.until;
  DELETE FROM projector_owners WHERE until < present;
  share := ceil(partitions::numeric / (SELECT count(*) FROM projector_owners));
  DELETE FROM projector_leases WHERE until < present OR (owner = asking AND log_partition IN
    (SELECT log_partition FROM projector_leases WHERE owner = asking ORDER BY log_partition OFFSET share));
  INSERT INTO projector_leases SELECT n, asking, present FROM generate_series(0, partitions - 1) AS n
    WHERE n NOT IN (SELECT log_partition FROM projector_leases) ORDER BY n
    LIMIT greatest(0, share - (SELECT count(*) FROM projector_leases WHERE owner = asking));
  UPDATE projector_leases SET until = present + lease_ms * interval '1 ms' WHERE owner = asking;
  RETURN array(SELECT log_partition FROM projector_leases WHERE owner = asking ORDER BY log_partition);
END $$;

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
