-- compatible: 1
-- X-Webhook-Event-Type is the name of the event for webhooks that subscribed by the newer names, and the parent's name
-- for those of `messages` and `templates`. Deliveries that were written before keep the parent's name.

ALTER TABLE subscriptions ADD COLUMN names_event BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN names_event BIGINT NOT NULL DEFAULT 0;

UPDATE subscriptions
SET names_event = 1
WHERE event_name <> 'templates' AND NOT (event_name LIKE 'message.%' AND EXISTS (
    SELECT 1
    FROM webhooks w
    WHERE w.customer_id = subscriptions.customer_id AND w.id = subscriptions.endpoint_id
      AND w.event_types_json LIKE '%"messages"%'
));
