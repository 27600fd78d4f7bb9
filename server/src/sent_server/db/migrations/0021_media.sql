-- compatible: 1
-- Templates that an organization creates on its profiles too, and accounts that send MMS.

-- 1: this organization may create templates on its profiles. The operator grants it.
ALTER TABLE customers ADD COLUMN template_auto_creation BIGINT NOT NULL DEFAULT 0;
-- 1: every later profile of the organization gets a copy.
ALTER TABLE templates ADD COLUMN auto_create_for_sp BIGINT NOT NULL DEFAULT 0;
-- 1: this organization and its profiles send MMS from their SMS numbers, where the market carries it.
ALTER TABLE customers ADD COLUMN mms BIGINT NOT NULL DEFAULT 0;
