-- Accounts that wait for a forced change of password are listed from an index, like those of every other filter.
-- Rows stay as they are; the program before this one neither needs the index nor minds it.
CREATE INDEX "users_organization_id_must_change_password_id_idx" ON "benteng"."users"("organization_id", "must_change_password", "id");
