-- The second fence between organizations (L-0.1, T-4.2): whoever is no superuser sees and writes the rows of the scope
-- that the session names, and none without it. `benteng.organization` holds an organization's id, or `*` for what looks
-- across organizations by design (platform/database/tenant-scope.ts). FORCE: the owner of the tables is held to it too.
-- The way back: DROP POLICY tenant ON …; ALTER TABLE … NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'users', 'sessions', 'challenges', 'totp_factors', 'backup_codes', 'remembered_devices', 'security_events',
    'audit_chains', 'login_attempts', 'alerts', 'notices', 'integrations', 'service_keys', 'balance_entries',
    'user_imports'
  ] LOOP
    EXECUTE format('ALTER TABLE benteng.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    -- The setting is read once per statement, not once per row.
    EXECUTE format(
      $policy$CREATE POLICY tenant ON benteng.%I
        USING ((SELECT current_setting('benteng.organization', true)) IN ('*', organization_id::text))$policy$,
      name);
  END LOOP;
END $$;

ALTER TABLE benteng.organizations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON benteng.organizations
  USING ((SELECT current_setting('benteng.organization', true)) IN ('*', id::text));
