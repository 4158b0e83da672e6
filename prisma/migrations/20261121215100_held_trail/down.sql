-- Back to a trail that the application writes by itself; no event is lost. Run `db:roles` of the older program afterwards.
BEGIN;
DROP FUNCTION benteng.append_event(uuid, uuid, text, uuid, uuid, text, uuid, json, timestamptz, bytea);
DROP TRIGGER organizations_begin_chain ON benteng.organizations;
DROP FUNCTION benteng.begin_chain();
DROP TRIGGER audit_chains_hold ON benteng.audit_chains;
DROP TRIGGER audit_chains_hold_all ON benteng.audit_chains;
DROP FUNCTION benteng.hold_chain();
ALTER TABLE benteng.audit_chains DROP CONSTRAINT audit_chains_organization_id_fkey;
SELECT set_config('benteng.organization', '*', true);
DELETE FROM benteng.audit_chains WHERE sequence = 0;
DROP TABLE benteng.retention_clock;
DELETE FROM benteng._prisma_migrations WHERE migration_name = '20261121215100_held_trail';
COMMIT;
