-- The earlier version takes a used temporary password for spent, whatever the count.
ALTER TABLE "benteng"."users" DROP COLUMN "temporary_password_uses";
DELETE FROM "benteng"."_prisma_migrations" WHERE "migration_name" = '20261121213100_temporary_password_uses';
