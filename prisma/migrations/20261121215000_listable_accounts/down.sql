-- Back to enums and a search by LIKE. Nothing is lost: terms are made from names and addresses.
BEGIN;
ALTER POLICY tenant ON benteng.users
  USING ((SELECT current_setting('benteng.organization', true)) IN ('*', organization_id::text));
DROP TRIGGER users_search_terms_added ON benteng.users;
DROP TRIGGER users_search_terms_changed ON benteng.users;
DROP TABLE benteng.user_search_terms;
DROP FUNCTION benteng.write_search_terms();
DROP FUNCTION benteng.search_terms(text, text);
DROP FUNCTION benteng.search_form(text);
DROP INDEX benteng.users_organization_id_role_id_idx;
DROP INDEX benteng.users_organization_id_status_id_idx;
CREATE TYPE benteng.role AS ENUM ('ADMIN', 'USER');
CREATE TYPE benteng.user_status AS ENUM ('ACTIVE', 'SUSPENDED');
ALTER TABLE benteng.users
  DROP CONSTRAINT users_role_check,
  DROP CONSTRAINT users_status_check,
  ALTER COLUMN role DROP DEFAULT,
  ALTER COLUMN status DROP DEFAULT,
  ALTER COLUMN role TYPE benteng.role USING role::benteng.role,
  ALTER COLUMN status TYPE benteng.user_status USING status::benteng.user_status,
  ALTER COLUMN role SET DEFAULT 'USER',
  ALTER COLUMN status SET DEFAULT 'ACTIVE';
DELETE FROM benteng._prisma_migrations WHERE migration_name = '20261121215000_listable_accounts';
COMMIT;
