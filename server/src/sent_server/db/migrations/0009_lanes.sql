-- compatible: 1
-- Jobs wait in lanes that are served in turn, so that one customer's million messages delay nobody else's ten; and
-- numbers and carriers may have a throughput of their own.

ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '-';
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (kind, lane, due_at_ms);

ALTER TABLE channels ADD COLUMN messages_per_second BIGINT;

-- Global by nature: all workers that send through a carrier, or from a number, share its throughput.
CREATE TABLE throughput (
    name TEXT PRIMARY KEY,
    free_at_us BIGINT NOT NULL
);

-- A delivery that is sent again on request waits from then on.
ALTER TABLE deliveries ADD COLUMN replayed_at_ms BIGINT;

-- These rows change a few times soon after they were written; room in their page spares their indexes.
/*pg: ALTER TABLE messages SET (fillfactor = 60); */
/*pg: ALTER TABLE attempts SET (fillfactor = 60); */
