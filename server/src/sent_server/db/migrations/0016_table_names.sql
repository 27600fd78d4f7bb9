-- compatible: 1 on PostgreSQL, 16 on SQLite
-- Leases are of every kind, and what is kept is about the installation; the tables are called so now. On PostgreSQL a
-- view under the old name serves processes of the release before, which may still run. SQLite has one process, and
-- does not upsert into views: going back there means restoring the backup (docs/decisions/0041).

ALTER TABLE network_leases RENAME TO leases;
ALTER TABLE settings_kept RENAME TO installation_metadata;
/*pg: CREATE VIEW network_leases AS SELECT name, holder, until_ms FROM leases; */
/*pg: CREATE VIEW settings_kept AS SELECT name, content FROM installation_metadata; */
