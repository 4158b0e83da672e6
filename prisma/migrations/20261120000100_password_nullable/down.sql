-- The way back from 20261120000100_password_nullable, run by hand as the owner role (docs/operations.md, "Taking a
-- migration back"). Accounts without a password would break the constraint, so they are suspended and given a value
-- that no password can match; nothing is deleted. Run it in one transaction with the last line.
BEGIN;
UPDATE "benteng"."users" SET "status" = 'SUSPENDED', "password_hash" = '!' WHERE "password_hash" IS NULL;
ALTER TABLE "benteng"."users" ALTER COLUMN "password_hash" SET NOT NULL;
DELETE FROM "benteng"."_prisma_migrations" WHERE "migration_name" = '20261120000100_password_nullable';
COMMIT;
