-- A temporary password is spent by the change it opens, not by signing in; five sign-ins at most
-- (docs/decisions/0035-a-temporary-password-is-spent-by-the-change.md).
ALTER TABLE "benteng"."users" ADD COLUMN     "temporary_password_uses" INTEGER NOT NULL DEFAULT 0;

-- What was promised when it was given out holds: used under the old rule is used up.
UPDATE "benteng"."users" SET "temporary_password_uses" = 5 WHERE "temporary_password_consumed_at" IS NOT NULL;
