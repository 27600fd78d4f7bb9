-- compatible: 1
-- A message that is sent again starts another round. Attempts and carrier references number their legs over all rounds,
-- so that a receipt of an earlier round is recognized. Processes of the release before know round 1 alone.

-- first_leg: the number of the current round's first leg in attempts and carrier_refs. leg and legs count within the
-- round's plan.
ALTER TABLE messages ADD COLUMN first_leg BIGINT NOT NULL DEFAULT 0;
