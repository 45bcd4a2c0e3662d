-- What a destination was told and what it said of it: refunds, replays and reports need it.
ALTER TABLE outbox
  ADD COLUMN queued_at bigint NOT NULL DEFAULT 0,
  ADD COLUMN receipt text,
  ADD COLUMN receipt_at bigint,
  ADD COLUMN accepted_at bigint,
  ADD COLUMN told text,
  ADD COLUMN detail text,
  ADD COLUMN trace text,
  ADD COLUMN identifiers text;
UPDATE outbox SET queued_at = created_at;

-- By destination, so that one with a long queue keeps no other waiting; small whatever the history.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (site, destination, next_attempt_at) WHERE state IN ('waiting', 'sending', 'pending');
-- What is counted, read from the index alone.
CREATE INDEX outbox_counts ON outbox (site, destination, state, reason, queued_at);
CREATE INDEX outbox_dead ON outbox (site, destination, id) WHERE state = 'dead';

CREATE TABLE paused_destinations (
  site text COLLATE "C" NOT NULL,
  destination text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  paused_at bigint NOT NULL,
  PRIMARY KEY (site, destination)
);
