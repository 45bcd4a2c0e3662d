-- What became of the deliveries of sources, the newest of each: for who connects one. Kept when projections are thrown away.
CREATE TABLE deliveries (
  site TEXT NOT NULL,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  verified INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_time ON deliveries (site, source, received_at);

-- How many there were, by the hour: of the deliveries themselves only the newest are kept.
CREATE TABLE delivery_counts (
  site TEXT NOT NULL,
  source TEXT NOT NULL,
  hour INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, source, hour, verdict)
) STRICT, WITHOUT ROWID;
