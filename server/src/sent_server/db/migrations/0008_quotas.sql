-- compatible: 1
-- An organization's own quotas, name -> number, where they differ from the settings.

ALTER TABLE customers ADD COLUMN quotas_json TEXT;
