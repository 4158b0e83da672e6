-- The lists of accounts stay fast under row security, however many there are. PostgreSQL answers a filter from an index
-- only when its comparison is leakproof: those of text are, those of enums and LIKE are not (design §2).
-- Rows and their values stay as they are; `down.sql` is the way back.

-- Role and status as text that the table itself holds to its values.
ALTER TABLE benteng.users
  ALTER COLUMN role DROP DEFAULT,
  ALTER COLUMN status DROP DEFAULT,
  ALTER COLUMN role TYPE text USING role::text,
  ALTER COLUMN status TYPE text USING status::text,
  ALTER COLUMN role SET DEFAULT 'USER',
  ALTER COLUMN status SET DEFAULT 'ACTIVE',
  ADD CONSTRAINT users_role_check CHECK (role IN ('ADMIN', 'USER')),
  ADD CONSTRAINT users_status_check CHECK (status IN ('ACTIVE', 'SUSPENDED'));
DROP TYPE benteng.role;
DROP TYPE benteng.user_status;
CREATE INDEX users_organization_id_role_id_idx ON benteng.users (organization_id, role, id);
CREATE INDEX users_organization_id_status_id_idx ON benteng.users (organization_id, status, id);

-- What a search finds an account by. COLLATE "C": a beginning of a term is a range of its index.
CREATE TABLE benteng.user_search_terms (
    "organization_id" UUID NOT NULL,
    "term" TEXT COLLATE "C" NOT NULL,
    "user_id" UUID NOT NULL,

    CONSTRAINT "user_search_terms_pkey" PRIMARY KEY ("organization_id", "term", "user_id")
);

-- The second fence in another wording: PostgreSQL takes `setting IN ('*', id)` to let one row in a hundred pass, and read
-- whole organizations rather than follow an index until a page is full. Of a CASE it expects every second one to.
ALTER TABLE benteng.user_search_terms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON benteng.user_search_terms USING (
  CASE (SELECT current_setting('benteng.organization', true)) WHEN '*' THEN true
  ELSE organization_id::text = (SELECT current_setting('benteng.organization', true)) END);
ALTER POLICY tenant ON benteng.users USING (
  CASE (SELECT current_setting('benteng.organization', true)) WHEN '*' THEN true
  ELSE organization_id::text = (SELECT current_setting('benteng.organization', true)) END);

-- The form of text in which a search compares: the one place that says what "any case" means.
CREATE FUNCTION benteng.search_form(text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT lower($1) $$;

-- The text from each of its words on: of "Budi Al-Farisi" all, "al-farisi", "-farisi" and "farisi". A sign is a word of
-- its own; of a domain only the whole is one.
CREATE FUNCTION benteng.search_terms(name text, email text) RETURNS SETOF text
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
DECLARE
  rest text := ltrim(benteng.search_form(name));
  domain text := substring(benteng.search_form(email) FROM '@([^@]*)$');
BEGIN
  WHILE rest <> '' LOOP
    RETURN NEXT rest;
    rest := regexp_replace(rest, '^([[:alnum:]]+|[^[:alnum:]])\s*', '');
  END LOOP;
  rest := benteng.search_form(email);
  WHILE length(rest) >= coalesce(length(domain), 0) AND rest <> '' LOOP
    RETURN NEXT rest;
    rest := regexp_replace(rest, '^([[:alnum:]]+|[^[:alnum:]])', '');
  END LOOP;
END $$;

-- Whoever writes an account, and however: its terms are written with it, or neither is.
CREATE FUNCTION benteng.write_search_terms() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM benteng.user_search_terms WHERE user_id = NEW.id;
  END IF;
  INSERT INTO benteng.user_search_terms (organization_id, term, user_id)
  SELECT DISTINCT NEW.organization_id, term, NEW.id FROM benteng.search_terms(NEW.name, NEW.email) AS term;
  RETURN NULL;
END $$;
CREATE TRIGGER users_search_terms_added AFTER INSERT ON benteng.users
  FOR EACH ROW EXECUTE FUNCTION benteng.write_search_terms();
CREATE TRIGGER users_search_terms_changed AFTER UPDATE OF organization_id, name, email ON benteng.users
  FOR EACH ROW
  WHEN ((NEW.organization_id, NEW.name, NEW.email) IS DISTINCT FROM (OLD.organization_id, OLD.name, OLD.email))
  EXECUTE FUNCTION benteng.write_search_terms();

-- The accounts that are there. Row security holds the owner too: `*` is the scope of all organizations.
SELECT set_config('benteng.organization', '*', true);
INSERT INTO benteng.user_search_terms (organization_id, term, user_id)
SELECT DISTINCT u.organization_id, term, u.id
FROM benteng.users AS u, LATERAL benteng.search_terms(u.name, u.email) AS term;

-- The terms of one account: when it goes or changes, and whether it has one.
CREATE INDEX "user_search_terms_user_id_term_idx" ON benteng.user_search_terms ("user_id", "term");
ALTER TABLE benteng.user_search_terms ADD CONSTRAINT "user_search_terms_user_id_fkey"
  FOREIGN KEY ("user_id") REFERENCES benteng.users ("id") ON DELETE CASCADE ON UPDATE CASCADE;
