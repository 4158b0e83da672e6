-- The trail is written in one way only, and its end cannot be taken away (docs/decisions/0039). `down.sql` is the way back.

-- Each organization has an end of its chain from its first moment on: sequence 0 and 32 zero bytes, what the first row is
-- chained to. An organization that has events and no end was tampered with: `audit:verify` says so.
INSERT INTO benteng.audit_chains (organization_id, sequence, hash)
SELECT id, 0, decode(repeat('00', 32), 'hex') FROM benteng.organizations AS o
WHERE NOT EXISTS (SELECT FROM benteng.security_events AS e WHERE e.organization_id = o.id)
ON CONFLICT DO NOTHING;

CREATE FUNCTION benteng.begin_chain() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  INSERT INTO benteng.audit_chains (organization_id, sequence, hash)
  VALUES (NEW.id, 0, decode(repeat('00', 32), 'hex'));
  RETURN NULL;
END $$;
CREATE TRIGGER organizations_begin_chain AFTER INSERT ON benteng.organizations
  FOR EACH ROW EXECUTE FUNCTION benteng.begin_chain();

-- An end goes one step on at a time and never away, whoever asks; who owns the table could take the triggers away.
CREATE FUNCTION benteng.hold_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.organization_id = OLD.organization_id AND NEW.sequence = OLD.sequence + 1 THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the end of a chain only goes on' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_chains_hold BEFORE UPDATE OR DELETE ON benteng.audit_chains
  FOR EACH ROW EXECUTE FUNCTION benteng.hold_chain();
CREATE TRIGGER audit_chains_hold_all BEFORE TRUNCATE ON benteng.audit_chains
  FOR EACH STATEMENT EXECUTE FUNCTION benteng.hold_chain();

-- While there is an end, its organization stays. Not checked for rows of before: what was tampered with must not stop a
-- migration.
ALTER TABLE benteng.audit_chains ADD CONSTRAINT audit_chains_organization_id_fkey
  FOREIGN KEY (organization_id) REFERENCES benteng.organizations (id) ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID;

-- The one way to write an event: it raises the end and chains the row to it. It runs with the rights of the owner, so
-- that the application needs none on the two tables but to read them; it keeps to the scope of the session by itself.
CREATE FUNCTION benteng.append_event(
    id uuid, organization uuid, action text, actor uuid, target uuid, address text, request uuid, details json,
    created timestamptz, content bytea
  ) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE
  place bigint;
  link bytea;
BEGIN
  IF coalesce(current_setting('benteng.organization', true), '') NOT IN ('*', organization::text)
     -- Whom row security does not bind, as the one user of an embedded database, names no scope.
     AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user) THEN
    RAISE EXCEPTION 'the event is of another organization' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE benteng.audit_chains AS c
  SET sequence = c.sequence + 1, hash = sha256(c.hash || int8send(c.sequence + 1) || content)
  WHERE c.organization_id = organization
  RETURNING c.sequence, c.hash INTO place, link;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the chain of organization % is missing', organization USING ERRCODE = 'restrict_violation';
  END IF;
  INSERT INTO benteng.security_events
    (id, organization_id, action, actor_id, target_id, ip_address, request_id, details, created_at, sequence, hash)
  VALUES (append_event.id, organization, append_event.action, actor, target, address, request, append_event.details,
          created, place, link);
  RETURN append_event.id;
END $$;

-- When retention last looked at the clock, and until when it holds back after a jump. One row.
CREATE TABLE benteng.retention_clock (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "held_until" TIMESTAMPTZ(3),

    CONSTRAINT "retention_clock_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "retention_clock_one_row" CHECK ("id")
);