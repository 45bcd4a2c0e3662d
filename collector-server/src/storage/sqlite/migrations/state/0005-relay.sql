-- What a destination was told and what it said of it: refunds, replays and reports need it.
ALTER TABLE outbox ADD COLUMN queued_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN receipt TEXT;
ALTER TABLE outbox ADD COLUMN receipt_at INTEGER;
ALTER TABLE outbox ADD COLUMN accepted_at INTEGER;
ALTER TABLE outbox ADD COLUMN told TEXT;
ALTER TABLE outbox ADD COLUMN detail TEXT;
ALTER TABLE outbox ADD COLUMN trace TEXT;
ALTER TABLE outbox ADD COLUMN identifiers TEXT;
UPDATE outbox SET queued_at = created_at;

-- By destination, so that one with a long queue keeps no other waiting; small whatever the history.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (site, destination, next_attempt_at) WHERE state IN ('waiting', 'sending', 'pending');
-- What is counted, read from the index alone.
CREATE INDEX outbox_counts ON outbox (site, destination, state, reason, queued_at);
CREATE INDEX outbox_dead ON outbox (site, destination, id) WHERE state = 'dead';

CREATE TABLE paused_destinations (
  site TEXT NOT NULL,
  destination TEXT NOT NULL,
  reason TEXT NOT NULL,
  paused_at INTEGER NOT NULL,
  PRIMARY KEY (site, destination)
) STRICT, WITHOUT ROWID;
