-- compatible: 1
-- What a message shows, and what it costs, follow one of its legs: the charge may fall once, and every failed leg keeps
-- its reason. Older processes beside us leave the new columns at their defaults.

-- refunded_micros: what came back after settling. round: which time the message is sent; only 1 so far. The ledger's
-- ref of a round is ledger.model.round_ref.
ALTER TABLE messages ADD COLUMN refunded_micros BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN round BIGINT NOT NULL DEFAULT 1;

-- reason is one of contract/reasons.json, detail a sentence for people.
ALTER TABLE attempts ADD COLUMN reason TEXT;
ALTER TABLE attempts ADD COLUMN detail TEXT;
ALTER TABLE receipts ADD COLUMN reason TEXT;
