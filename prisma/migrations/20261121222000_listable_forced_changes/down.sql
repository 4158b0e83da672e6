-- Back to a list that reads every account to find who must change their password. Nothing is lost.
BEGIN;
DROP INDEX benteng.users_organization_id_must_change_password_id_idx;
DELETE FROM benteng._prisma_migrations WHERE migration_name = '20261121222000_listable_forced_changes';
COMMIT;
