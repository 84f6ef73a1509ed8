-- What keeps tables and passes bounded, and requests of data subjects that a service refuses for good.

-- Closed leases go after their time.
CREATE INDEX leases_closed ON leases (tenant, asked_ms) WHERE closed_as IS NOT NULL;

-- What waits for a receiver, without what it got in the last months.
CREATE INDEX deliveries_open ON deliveries (tenant, webhook_id, seq) WHERE state = 'pending';

-- Ended, and not complete: a service will not do its part, however often it is asked.
ALTER TABLE privacy_requests
  DROP CONSTRAINT privacy_requests_state_check,
  DROP CONSTRAINT privacy_requests_check2,
  ADD CONSTRAINT privacy_requests_state_check
    CHECK (state IN ('received', 'verified', 'running', 'completed', 'refused', 'rejected', 'cancelled')),
  ADD CONSTRAINT privacy_requests_finished_check
    CHECK ((finished_ms IS NOT NULL) = (state IN ('completed', 'refused', 'rejected', 'cancelled')));

-- A receipt confirms, or says why not.
ALTER TABLE privacy_steps
  ADD COLUMN refused_ms bigint,
  DROP CONSTRAINT privacy_steps_check,
  ADD CONSTRAINT privacy_steps_receipt_check CHECK ((receipt IS NULL) = (confirmed_ms IS NULL AND refused_ms IS NULL)),
  ADD CONSTRAINT privacy_steps_end_check CHECK (confirmed_ms IS NULL OR refused_ms IS NULL);
