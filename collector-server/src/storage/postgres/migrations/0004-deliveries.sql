-- What became of the deliveries of sources, the newest of each: for who connects one. Kept when projections are thrown away.
CREATE TABLE deliveries (
  site text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  verified boolean NOT NULL,
  received_at bigint NOT NULL,
  first_at bigint NOT NULL,
  count bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (site, source, id)
);
CREATE INDEX deliveries_by_time ON deliveries (site, source, received_at);

-- How many there were, by the hour: of the deliveries themselves only the newest are kept.
CREATE TABLE delivery_counts (
  site text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  hour bigint NOT NULL,
  verdict text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (site, source, hour, verdict)
);
