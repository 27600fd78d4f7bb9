-- compatible: 1
-- Connections to carriers, all senders of an account, and its markets. A row of channels stays the default sender of an
-- account on a channel, and the release before knows only that; a trigger copies each change of it into senders.

-- id is the name of the carrier in plans, attempts and receipts. Without a customer it belongs to the installation.
CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    customer_id TEXT REFERENCES customers (id),
    driver TEXT NOT NULL,
    credentials_sealed TEXT,
    options_json TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'paused')),
    paused_until_ms BIGINT,
    paused_reason TEXT,
    paused_for TEXT CHECK (paused_for IN ('operator', 'customer', 'carrier')),
    created_at_ms BIGINT NOT NULL
);
INSERT INTO connections (id, driver, options_json, state, created_at_ms) VALUES ('simulator', 'simulator', '{}', 'ready', 0);

-- country and number_type are those of the market that the sender serves; a default sender has none.
CREATE TABLE senders (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    channel TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    value TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('number', 'short_code', 'alphanumeric', 'pool', 'agent')),
    business_name TEXT,
    country TEXT,
    number_type TEXT,
    messages_per_second BIGINT,
    state TEXT NOT NULL CHECK (state IN ('active', 'inactive')),
    is_default BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, channel, connection_id, value)
) WITHOUT ROWID;
-- An inbound message names our number; this finds whose it is.
CREATE INDEX senders_by_value ON senders (connection_id, value);

-- What an account set up on a channel: SMS by country and number type, WhatsApp and RCS once ('' for both).
-- details_json is what the request said beyond the columns, in the form of answers.
CREATE TABLE markets (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    id TEXT NOT NULL,
    channel TEXT NOT NULL,
    country TEXT NOT NULL,
    number_type TEXT NOT NULL,
    sender_value TEXT,
    state TEXT NOT NULL CHECK (state IN ('PENDING_REVIEW', 'ACTION_NEEDED', 'PROVISIONING', 'ACTIVE', 'INACTIVE')),
    reason_code TEXT,
    reason TEXT,
    details_json TEXT NOT NULL,
    submitted_at_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT,
    PRIMARY KEY (customer_id, channel, country, number_type)
);

-- The triggers come first: on PostgreSQL they lock channels, so that no row of the release before is missed.
/*pg: CREATE FUNCTION copy_channel_to_senders() RETURNS trigger LANGUAGE plpgsql AS $copy$
BEGIN
    DELETE FROM senders
    WHERE customer_id = NEW.customer_id AND channel = NEW.channel AND is_default = 1 AND country IS NULL
        AND (connection_id <> NEW.carrier OR value <> NEW.sender);
    UPDATE senders SET is_default = 0
    WHERE customer_id = NEW.customer_id AND channel = NEW.channel AND is_default = 1
        AND (connection_id <> NEW.carrier OR value <> NEW.sender);
    INSERT INTO senders (customer_id, channel, connection_id, value, kind, business_name, messages_per_second, state,
        is_default, created_at_ms)
    VALUES (NEW.customer_id, NEW.channel, NEW.carrier, NEW.sender,
        CASE WHEN NEW.sender LIKE '+%' THEN 'number' ELSE 'alphanumeric' END, NEW.business_name,
        NEW.messages_per_second, 'active', 1, NEW.created_at_ms)
    ON CONFLICT (customer_id, channel, connection_id, value) DO UPDATE
    SET business_name = excluded.business_name, messages_per_second = excluded.messages_per_second, state = 'active',
        is_default = 1;
    RETURN NULL;
END $copy$;
CREATE TRIGGER channels_to_senders AFTER INSERT OR UPDATE ON channels
FOR EACH ROW EXECUTE FUNCTION copy_channel_to_senders();
*/
/*sqlite:
CREATE TRIGGER channels_to_senders AFTER INSERT ON channels BEGIN
    INSERT INTO senders (customer_id, channel, connection_id, value, kind, business_name, messages_per_second, state,
        is_default, created_at_ms)
    VALUES (NEW.customer_id, NEW.channel, NEW.carrier, NEW.sender,
        CASE WHEN NEW.sender LIKE '+%' THEN 'number' ELSE 'alphanumeric' END, NEW.business_name,
        NEW.messages_per_second, 'active', 1, NEW.created_at_ms)
    ON CONFLICT (customer_id, channel, connection_id, value) DO UPDATE
    SET business_name = excluded.business_name, messages_per_second = excluded.messages_per_second, state = 'active',
        is_default = 1;
END;
CREATE TRIGGER channels_to_senders_changed AFTER UPDATE ON channels BEGIN
    DELETE FROM senders
    WHERE customer_id = NEW.customer_id AND channel = NEW.channel AND is_default = 1 AND country IS NULL
        AND (connection_id <> NEW.carrier OR value <> NEW.sender);
    UPDATE senders SET is_default = 0
    WHERE customer_id = NEW.customer_id AND channel = NEW.channel AND is_default = 1
        AND (connection_id <> NEW.carrier OR value <> NEW.sender);
    INSERT INTO senders (customer_id, channel, connection_id, value, kind, business_name, messages_per_second, state,
        is_default, created_at_ms)
    VALUES (NEW.customer_id, NEW.channel, NEW.carrier, NEW.sender,
        CASE WHEN NEW.sender LIKE '+%' THEN 'number' ELSE 'alphanumeric' END, NEW.business_name,
        NEW.messages_per_second, 'active', 1, NEW.created_at_ms)
    ON CONFLICT (customer_id, channel, connection_id, value) DO UPDATE
    SET business_name = excluded.business_name, messages_per_second = excluded.messages_per_second, state = 'active',
        is_default = 1;
END;
*/
INSERT INTO senders (customer_id, channel, connection_id, value, kind, business_name, messages_per_second, state,
    is_default, created_at_ms)
SELECT customer_id, channel, carrier, sender, CASE WHEN sender LIKE '+%' THEN 'number' ELSE 'alphanumeric' END,
    business_name, messages_per_second, 'active', 1, created_at_ms
FROM channels;
