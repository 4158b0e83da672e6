-- The second factor: TOTP with encrypted secrets, backup codes as keyed hashes, remembered devices.


ALTER TYPE "benteng"."challenge_purpose" ADD VALUE 'TWO_FACTOR';
ALTER TYPE "benteng"."challenge_purpose" ADD VALUE 'TWO_FACTOR_SETUP';

-- AlterEnum
ALTER TYPE "benteng"."session_end_reason" ADD VALUE 'FACTOR_REMOVED';

-- AlterTable
ALTER TABLE "benteng"."challenges" ADD COLUMN     "attempt_count" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "benteng"."users" ADD COLUMN     "two_factor_enabled_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "benteng"."totp_factors" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "secret" TEXT,
    "pending_secret" TEXT,
    "pending_since" TIMESTAMPTZ(3),
    "last_time_step" INTEGER,
    "failed_attempt_count" INTEGER NOT NULL DEFAULT 0,
    "failure_window_ends_at" TIMESTAMPTZ(3),
    "locked_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "totp_factors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."backup_codes" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "code_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "consumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "backup_codes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."remembered_devices" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "credential_version" INTEGER NOT NULL,
    "token_counter" INTEGER NOT NULL DEFAULT 0,
    "rotated_at" TIMESTAMPTZ(3),
    "device_name" TEXT NOT NULL,
    "ip_address" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "remembered_devices_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "totp_factors_user_id_key" ON "benteng"."totp_factors"("user_id");

-- CreateIndex
CREATE INDEX "totp_factors_organization_id_user_id_idx" ON "benteng"."totp_factors"("organization_id", "user_id");

-- CreateIndex
CREATE INDEX "backup_codes_organization_id_user_id_idx" ON "benteng"."backup_codes"("organization_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "backup_codes_user_id_code_hash_key" ON "benteng"."backup_codes"("user_id", "code_hash");

-- CreateIndex
CREATE INDEX "remembered_devices_organization_id_user_id_id_idx" ON "benteng"."remembered_devices"("organization_id", "user_id", "id");

-- CreateIndex
CREATE INDEX "remembered_devices_user_id_idx" ON "benteng"."remembered_devices"("user_id");

-- CreateIndex
CREATE INDEX "remembered_devices_expires_at_idx" ON "benteng"."remembered_devices"("expires_at");

-- AddForeignKey
ALTER TABLE "benteng"."totp_factors" ADD CONSTRAINT "totp_factors_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."totp_factors" ADD CONSTRAINT "totp_factors_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "benteng"."users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."backup_codes" ADD CONSTRAINT "backup_codes_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."backup_codes" ADD CONSTRAINT "backup_codes_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "benteng"."users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."remembered_devices" ADD CONSTRAINT "remembered_devices_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."remembered_devices" ADD CONSTRAINT "remembered_devices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "benteng"."users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Rules the schema language cannot say.
ALTER TABLE "benteng"."totp_factors" ADD CONSTRAINT "totp_factors_failed_attempt_count_is_not_negative" CHECK ("failed_attempt_count" >= 0);
ALTER TABLE "benteng"."challenges" ADD CONSTRAINT "challenges_attempt_count_is_not_negative" CHECK ("attempt_count" >= 0);
