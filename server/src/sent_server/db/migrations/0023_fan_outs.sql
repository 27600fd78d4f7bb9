-- compatible: 1
-- Deliveries that are not written yet: many events times many webhooks do not fit into the transaction of their change.
-- A process of the release before neither writes nor reads these rows. They wait for a process that does.

-- content_json: events, and the webhooks that wanted them when they happened (events/fan_out.py). total: how many
-- deliveries that makes; done: how many of them are written. The ids of a customer sort in the order of the events.
CREATE TABLE fan_outs (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    content_json TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;
