-- What an import keeps counts for the quota, not what was sent; long texts are kept once for each workbook.
-- Rows that are there stay as they are and are read as they are (src/imports/workbook/row-packing.ts).
-- The way back is in down.sql beside this file.
ALTER TABLE "benteng"."imports" ADD COLUMN "stored_bytes" BIGINT NOT NULL DEFAULT 0;

UPDATE "benteng"."imports" i SET "stored_bytes" =
    (SELECT coalesce(sum(octet_length(p."content")), 0) FROM "benteng"."import_parts" p WHERE p."import_id" = i."id")
  + (SELECT coalesce(sum(octet_length(c."rows")), 0) FROM "benteng"."import_chunks" c WHERE c."import_id" = i."id");

CREATE TABLE "benteng"."import_texts" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "block" INTEGER NOT NULL,
    "content" TEXT NOT NULL,

    CONSTRAINT "import_texts_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "import_texts_import_id_block_key" ON "benteng"."import_texts"("import_id", "block");

ALTER TABLE "benteng"."import_texts" ADD CONSTRAINT "import_texts_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "benteng"."imports"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Ciphertext does not shrink: no time is spent on trying.
ALTER TABLE benteng.import_texts ALTER COLUMN content SET STORAGE EXTERNAL;

-- The second fence, as in row_security.
ALTER TABLE benteng.import_texts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON benteng.import_texts
  USING ((SELECT current_setting('benteng.organization', true)) IN ('*', organization_id::text));
