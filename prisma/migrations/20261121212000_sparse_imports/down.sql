-- The way back from 20261121212000_sparse_imports, run by hand as the owner role (docs/operations.md, "Taking a migration
-- back"). The older program cannot read rows in the newer form, so workbooks that were uploaded since go: their files can
-- be downloaded before and uploaded again. Run it in one transaction with the last line.
BEGIN;
SET LOCAL benteng.organization = '*';
DELETE FROM "benteng"."imports" WHERE "created_at" >= (
  SELECT "finished_at" FROM "benteng"."_prisma_migrations" WHERE "migration_name" = '20261121212000_sparse_imports');
DROP TABLE "benteng"."import_texts";
ALTER TABLE "benteng"."imports" DROP COLUMN "stored_bytes";
DELETE FROM "benteng"."_prisma_migrations" WHERE "migration_name" = '20261121212000_sparse_imports';
COMMIT;
