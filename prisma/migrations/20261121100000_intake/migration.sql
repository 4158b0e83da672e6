-- CreateEnum
CREATE TYPE "benteng"."import_status" AS ENUM ('PARSING', 'READY', 'REFUSED');

-- CreateTable
CREATE TABLE "benteng"."webhook_events" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "integration_id" UUID NOT NULL,
    "event_id" TEXT NOT NULL,
    "sent_at" TIMESTAMPTZ(3),
    "content_type" TEXT,
    "bytes" INTEGER NOT NULL,
    "payload" TEXT NOT NULL,
    "is_binary" BOOLEAN NOT NULL,
    "ip_address" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "replayed_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."webhook_deliveries" (
    "integration_id" UUID NOT NULL,
    "id_hash" BYTEA NOT NULL,
    "organization_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("integration_id","id_hash")
);

-- CreateTable
CREATE TABLE "benteng"."webhook_acknowledgements" (
    "service_key_id" UUID NOT NULL,
    "event_id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_acknowledgements_pkey" PRIMARY KEY ("service_key_id","event_id")
);

-- CreateTable
CREATE TABLE "benteng"."webhook_failures" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "integration_id" UUID NOT NULL,
    "ip_address" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "occurrences" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_failures_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."blocked_addresses" (
    "id" UUID NOT NULL,
    "organization_id" UUID,
    "range" INET NOT NULL,
    "reason" TEXT NOT NULL,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "blocked_addresses_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."imports" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "integration_id" UUID NOT NULL,
    "file_name" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "sha256" BYTEA NOT NULL,
    "status" "benteng"."import_status" NOT NULL,
    "refusal" TEXT,
    "sheets" JSONB NOT NULL DEFAULT '[]',
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "imports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."import_parts" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "content" TEXT NOT NULL,

    CONSTRAINT "import_parts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."import_chunks" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "import_id" UUID NOT NULL,
    "sheet" INTEGER NOT NULL,
    "first_row" INTEGER NOT NULL,
    "last_row" INTEGER NOT NULL,
    "rows" TEXT NOT NULL,

    CONSTRAINT "import_chunks_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "webhook_events_organization_id_id_idx" ON "benteng"."webhook_events"("organization_id", "id");

-- CreateIndex
CREATE INDEX "webhook_events_integration_id_id_idx" ON "benteng"."webhook_events"("integration_id", "id");

-- CreateIndex
CREATE INDEX "webhook_events_created_at_idx" ON "benteng"."webhook_events"("created_at");

-- CreateIndex
CREATE INDEX "webhook_deliveries_expires_at_idx" ON "benteng"."webhook_deliveries"("expires_at");

-- CreateIndex
CREATE INDEX "webhook_acknowledgements_event_id_idx" ON "benteng"."webhook_acknowledgements"("event_id");

-- CreateIndex
CREATE INDEX "webhook_failures_integration_id_id_idx" ON "benteng"."webhook_failures"("integration_id", "id");

-- CreateIndex
CREATE INDEX "webhook_failures_created_at_idx" ON "benteng"."webhook_failures"("created_at");

-- CreateIndex
CREATE INDEX "blocked_addresses_organization_id_id_idx" ON "benteng"."blocked_addresses"("organization_id", "id");

-- CreateIndex
CREATE INDEX "blocked_addresses_expires_at_idx" ON "benteng"."blocked_addresses"("expires_at");

-- CreateIndex
CREATE INDEX "imports_integration_id_id_idx" ON "benteng"."imports"("integration_id", "id");

-- CreateIndex
CREATE INDEX "imports_organization_id_idx" ON "benteng"."imports"("organization_id");

-- CreateIndex
CREATE INDEX "imports_created_at_idx" ON "benteng"."imports"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "import_parts_import_id_position_key" ON "benteng"."import_parts"("import_id", "position");

-- CreateIndex
CREATE UNIQUE INDEX "import_chunks_import_id_sheet_first_row_key" ON "benteng"."import_chunks"("import_id", "sheet", "first_row");

-- AddForeignKey
ALTER TABLE "benteng"."webhook_events" ADD CONSTRAINT "webhook_events_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "benteng"."integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "benteng"."integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."webhook_acknowledgements" ADD CONSTRAINT "webhook_acknowledgements_service_key_id_fkey" FOREIGN KEY ("service_key_id") REFERENCES "benteng"."service_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."webhook_acknowledgements" ADD CONSTRAINT "webhook_acknowledgements_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "benteng"."webhook_events"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."webhook_failures" ADD CONSTRAINT "webhook_failures_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "benteng"."integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."imports" ADD CONSTRAINT "imports_integration_id_fkey" FOREIGN KEY ("integration_id") REFERENCES "benteng"."integrations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."import_parts" ADD CONSTRAINT "import_parts_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "benteng"."imports"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."import_chunks" ADD CONSTRAINT "import_chunks_import_id_fkey" FOREIGN KEY ("import_id") REFERENCES "benteng"."imports"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Ciphertext does not shrink: no time is spent on trying.
ALTER TABLE benteng.webhook_events ALTER COLUMN payload SET STORAGE EXTERNAL;
ALTER TABLE benteng.import_parts ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE benteng.import_chunks ALTER COLUMN rows SET STORAGE EXTERNAL;

-- The second fence, as in row_security.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'webhook_events', 'webhook_deliveries', 'webhook_acknowledgements', 'webhook_failures', 'blocked_addresses',
    'imports', 'import_parts', 'import_chunks'
  ] LOOP
    EXECUTE format('ALTER TABLE benteng.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      $policy$CREATE POLICY tenant ON benteng.%I
        USING ((SELECT current_setting('benteng.organization', true)) IN ('*', organization_id::text))$policy$,
      name);
  END LOOP;
END $$;
