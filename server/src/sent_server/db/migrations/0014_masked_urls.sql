-- compatible: 1
-- User and password of a webhook's URL are sealed apart from it, and are found by no search. Rows of before are sealed
-- when their URL changes next; until then they are masked where they are shown.

ALTER TABLE webhooks ADD COLUMN userinfo_sealed TEXT;

UPDATE webhooks
SET search_text = LOWER(display_name)
WHERE endpoint_url LIKE '%://%@%';
