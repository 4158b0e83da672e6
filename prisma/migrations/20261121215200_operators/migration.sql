-- Who runs the installation: set by `admin:create --operator` alone. Nobody is one by having been there first, so that
-- after this migration there is none until that command is run.
-- The way back: ALTER TABLE benteng.users DROP COLUMN is_operator.
ALTER TABLE benteng.users ADD COLUMN "is_operator" BOOLEAN NOT NULL DEFAULT false;
