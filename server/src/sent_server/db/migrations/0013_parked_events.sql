-- compatible: 1
-- Events of a webhook that the server has disabled are kept (parked) until it is enabled: pending, and due at no time,
-- so that they are not in the queue. A process of the release before unsubscribes such a webhook, as it always did.

-- 1: what this subscription covers is parked.
ALTER TABLE subscriptions ADD COLUMN parks BIGINT NOT NULL DEFAULT 0;
-- Since when parked events go back into the queue; null when there are none, or the webhook is off.
ALTER TABLE webhooks ADD COLUMN releasing_since_ms BIGINT;
CREATE INDEX webhooks_releasing ON webhooks (releasing_since_ms) WHERE releasing_since_ms IS NOT NULL;
CREATE INDEX deliveries_parked ON deliveries (endpoint_id, id) WHERE status = 'pending' AND due_at_ms IS NULL;

-- Webhooks that are disabled already keep what happens from now on.
INSERT INTO subscriptions (customer_id, event_name, endpoint_id, field, names_event, parks)
SELECT w.customer_id, e.name, w.id,
    CASE
        WHEN e.name = 'templates' THEN 'templates'
        WHEN e.name LIKE 'contact.%' THEN 'contact'
        WHEN w.event_types_json LIKE '%"message"%' AND w.event_types_json NOT LIKE '%"messages"%"message"%' THEN 'message'
        ELSE 'messages'
    END,
    CASE WHEN e.name = 'templates' THEN 0 WHEN e.name LIKE 'message.%' AND w.event_types_json LIKE '%"messages"%' THEN 0 ELSE 1 END,
    1
FROM webhooks w
CROSS JOIN (
    SELECT 'message.queued' AS name, 'message.status.updated' AS states
    UNION ALL SELECT 'message.routed', 'message.status.updated'
    UNION ALL SELECT 'message.sent', 'message.status.updated'
    UNION ALL SELECT 'message.delivered', 'message.status.updated'
    UNION ALL SELECT 'message.read', 'message.status.updated'
    UNION ALL SELECT 'message.failed', 'message.status.updated'
    UNION ALL SELECT 'message.received', 'message.received'
    UNION ALL SELECT 'templates', 'template'
    UNION ALL SELECT 'contact.opt_in', 'contact'
    UNION ALL SELECT 'contact.opt_out', 'contact'
    UNION ALL SELECT 'contact.help', 'contact'
    UNION ALL SELECT 'contact.custom_keyword', 'contact'
) AS e
WHERE w.disabled_at_ms IS NOT NULL AND w.disabled_reason IS NOT NULL AND (
    w.event_types_json LIKE '%"*"%'
    OR w.event_types_json LIKE '%"' || e.name || '"%'
    OR w.event_types_json LIKE '%"' || e.states || '"%'
    OR (e.name LIKE 'message.%' AND (w.event_types_json LIKE '%"messages"%' OR w.event_types_json LIKE '%"message"%'))
);
