-- compatible: 1
-- How many events of a disabled webhook are kept is a counter, since counting a hundred thousand takes too long to be
-- done now and then. Counters of what nobody counts (callback addresses, deleted webhooks) had fallen below zero.

INSERT INTO counters (customer_id, name, total)
SELECT customer_id, 'deliveries/' || endpoint_id || '/parked', COUNT(*)
FROM deliveries
WHERE status = 'pending' AND due_at_ms IS NULL
GROUP BY customer_id, endpoint_id;

DELETE FROM counters
WHERE name LIKE 'deliveries/%' AND total < 0;
