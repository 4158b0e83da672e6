/** The names of the three roles; each is a plain lower-case identifier. */
export interface DatabaseRoles {
  /** Owns the tables and migrates (DATABASE_MIGRATION_URL). */
  readonly owner: string;
  /** What the server and the commands use (DATABASE_URL): rows only, and those of its scope. */
  readonly application: string;
  /** Reads everything, for `backup`; writes nothing. */
  readonly backup: string;
}

export const DEFAULT_ROLES: DatabaseRoles = {
  owner: 'benteng_owner',
  application: 'benteng_app',
  backup: 'benteng_backup',
};

/** Whether text is a role's name as `databaseRolesSql` takes it. */
export function isRoleName(text: string): boolean {
  return /^[a-z_][a-z0-9_]{0,62}$/.test(text);
}

/** Tables that the application reads and only a function of the owner writes (`benteng.append_event`). */
const WRITTEN_BY_FUNCTION = ['security_events', 'audit_chains'];

/**
 * SQL that makes the three roles of a database and gives each what it needs and no more (T-4.2, A-7, ASVS V13.2.2): no
 * superuser, no DDL, no files for the application. It can be run again, and is to be after every update, since new
 * tables may have grants of their own. To be run by a superuser, or by the owner of the database with CREATEROLE.
 * @throws Error for a name that is no plain identifier.
 */
export function databaseRolesSql({ owner, application, backup }: DatabaseRoles): string {
  const names = [owner, application, backup];
  const wrong = names.find((name) => !isRoleName(name));
  if (wrong !== undefined || new Set(names).size !== names.length)
    throw new Error(`no roles: ${names.join(', ')}`);
  return `-- Benteng: the roles of this database. Passwords are set apart, for example with psql's \\password.
BEGIN;
DO $$
DECLARE
  role text;
  item record;
BEGIN
  FOREACH role IN ARRAY ARRAY['${names.join("', '")}'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I', role);
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CREATE ON DATABASE %I TO ${owner}', current_database());

  -- Everything belongs to the owner, whoever made it.
  CREATE SCHEMA IF NOT EXISTS benteng;
  ALTER SCHEMA benteng OWNER TO ${owner};
  FOR item IN SELECT format('%s', c.oid::regclass) AS name FROM pg_class c
              WHERE c.relnamespace = 'benteng'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v', 'm') LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO ${owner}', item.name);
  END LOOP;
  FOR item IN SELECT format('%s', p.oid::regprocedure) AS name FROM pg_proc p
              WHERE p.pronamespace = 'benteng'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO ${owner}', item.name);
  END LOOP;
  FOR item IN SELECT format('%s', t.oid::regtype) AS name FROM pg_type t
              WHERE t.typnamespace = 'benteng'::regnamespace AND t.typtype = 'e' LOOP
    EXECUTE format('ALTER TYPE %s OWNER TO ${owner}', item.name);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON SCHEMA benteng FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA benteng FROM PUBLIC, ${application}, ${backup};
GRANT USAGE ON SCHEMA benteng TO ${application}, ${backup};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA benteng TO ${application};
GRANT SELECT ON ALL TABLES IN SCHEMA benteng TO ${backup};
ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA benteng
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${application};
ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA benteng GRANT SELECT ON TABLES TO ${backup};

-- What only grows: the tables whose triggers refuse everything but new rows, the trail, the history of migrations.
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT DISTINCT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
              WHERE c.relnamespace = 'benteng'::regnamespace AND t.tgname ~ '_insert_only$' LOOP
    EXECUTE format('REVOKE UPDATE, DELETE ON %s FROM ${application}', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['${WRITTEN_BY_FUNCTION.join("', '")}'] LOOP
    IF to_regprocedure('benteng.append_event(uuid,uuid,text,uuid,uuid,text,uuid,json,timestamptz,bytea)') IS NOT NULL THEN
      EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON benteng.%I FROM ${application}', name);
    END IF;
  END LOOP;
  IF to_regclass('benteng._prisma_migrations') IS NOT NULL THEN
    REVOKE INSERT, UPDATE, DELETE ON benteng._prisma_migrations FROM ${application};
  END IF;
END $$;
ALTER ROLE ${backup} SET default_transaction_read_only = on;
COMMIT;
`;
}
