-- What a budget counts in all is counted once: by its meter, or by a total over money that it was created with. Only the
-- one that has counted from the beginning is marked; what a later total starts with is what the holds still tell.
ALTER TABLE caps
  ADD COLUMN is_meter boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT caps_is_meter CHECK (NOT is_meter OR kind = 'meter' OR (kind = 'total' AND measure = 'micros'));
UPDATE caps SET is_meter = true WHERE kind = 'meter';
ALTER TABLE caps ADD CONSTRAINT caps_meter CHECK (kind <> 'meter' OR is_meter);
CREATE UNIQUE INDEX caps_one_meter ON caps (budget_no) WHERE is_meter;
