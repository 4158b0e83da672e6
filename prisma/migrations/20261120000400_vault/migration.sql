-- Connected platforms with encrypted secrets, service keys, the ledger of token balances, imports of people.

-- CreateEnum
CREATE TYPE "benteng"."integration_provider" AS ENUM ('TIKTOK_SHOP', 'MENGANTAR', 'SCALEV', 'GOOGLE_ADS', 'CUSTOM');

-- CreateEnum
CREATE TYPE "benteng"."integration_status" AS ENUM ('ACTIVE', 'DISABLED');

-- CreateEnum
CREATE TYPE "benteng"."webhook_scheme" AS ENUM ('standard', 'tiktok', 'scalev', 'google-ads', 'hmac');

-- CreateTable
CREATE TABLE "benteng"."integrations" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "provider" "benteng"."integration_provider" NOT NULL,
    "label" TEXT NOT NULL,
    "status" "benteng"."integration_status" NOT NULL DEFAULT 'ACTIVE',
    "access_token" TEXT,
    "access_token_updated_at" TIMESTAMPTZ(3),
    "refresh_token" TEXT,
    "refresh_token_updated_at" TIMESTAMPTZ(3),
    "api_key" TEXT,
    "api_key_updated_at" TIMESTAMPTZ(3),
    "webhook_secret" TEXT,
    "webhook_secret_updated_at" TIMESTAMPTZ(3),
    "previous_webhook_secret" TEXT,
    "previous_webhook_secret_expires_at" TIMESTAMPTZ(3),
    "webhook_scheme" "benteng"."webhook_scheme" NOT NULL,
    "config" JSONB,
    "token_expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "integrations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."service_keys" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "scopes" TEXT[],
    "allowed_ips" TEXT[],
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "service_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."balance_entries" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "amount" INTEGER NOT NULL,
    "balance" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "actor_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "balance_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."user_imports" (
    "file_hash" BYTEA NOT NULL,
    "organization_id" UUID NOT NULL,
    "lines_done" INTEGER NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "user_imports_pkey" PRIMARY KEY ("organization_id","file_hash")
);

-- CreateIndex
CREATE INDEX "integrations_organization_id_id_idx" ON "benteng"."integrations"("organization_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "service_keys_key_hash_key" ON "benteng"."service_keys"("key_hash");

-- CreateIndex
CREATE INDEX "service_keys_organization_id_id_idx" ON "benteng"."service_keys"("organization_id", "id");

-- CreateIndex
CREATE INDEX "balance_entries_organization_id_user_id_id_idx" ON "benteng"."balance_entries"("organization_id", "user_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "balance_entries_user_id_idempotency_key_key" ON "benteng"."balance_entries"("user_id", "idempotency_key");

-- AddForeignKey
ALTER TABLE "benteng"."integrations" ADD CONSTRAINT "integrations_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."service_keys" ADD CONSTRAINT "service_keys_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."balance_entries" ADD CONSTRAINT "balance_entries_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The ledger only grows, like the trail.
CREATE TRIGGER balance_entries_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON benteng.balance_entries
  FOR EACH STATEMENT EXECUTE FUNCTION benteng.refuse_change();
