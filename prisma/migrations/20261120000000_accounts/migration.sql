-- The account core: organizations, people, sessions, challenges, the trail of security events.
-- Everything lives in a schema of its own, so that the application's role needs no right on "public" (A-7).
CREATE SCHEMA IF NOT EXISTS "benteng";

-- CreateEnum
CREATE TYPE "benteng"."role" AS ENUM ('ADMIN', 'USER');

-- CreateEnum
CREATE TYPE "benteng"."user_status" AS ENUM ('ACTIVE', 'SUSPENDED');

-- CreateEnum
CREATE TYPE "benteng"."challenge_purpose" AS ENUM ('PASSWORD_CHANGE');

-- CreateEnum
CREATE TYPE "benteng"."session_end_reason" AS ENUM ('LOGOUT', 'REVOKED', 'REVOKED_BY_ADMIN', 'CREDENTIAL_CHANGE', 'SUSPENDED', 'SESSION_CAP', 'REFRESH_TOKEN_REUSE');

-- CreateTable
CREATE TABLE "benteng"."organizations" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "organizations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."users" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "locale" TEXT NOT NULL DEFAULT 'en',
    "role" "benteng"."role" NOT NULL DEFAULT 'USER',
    "status" "benteng"."user_status" NOT NULL DEFAULT 'ACTIVE',
    "password_hash" TEXT NOT NULL,
    "password_changed_at" TIMESTAMPTZ(3),
    "credential_version" INTEGER NOT NULL DEFAULT 0,
    "must_change_password" BOOLEAN NOT NULL DEFAULT false,
    "temporary_password_expires_at" TIMESTAMPTZ(3),
    "temporary_password_consumed_at" TIMESTAMPTZ(3),
    "password_reset_requested_at" TIMESTAMPTZ(3),
    "password_reset_request_ip" TEXT,
    "token_balance" INTEGER NOT NULL DEFAULT 0,
    "last_login_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."sessions" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "refresh_counter" INTEGER NOT NULL DEFAULT 0,
    "refresh_rotated_at" TIMESTAMPTZ(3),
    "authenticated_at" TIMESTAMPTZ(3) NOT NULL,
    "amr" TEXT[],
    "device_name" TEXT NOT NULL,
    "ip_address" TEXT NOT NULL,
    "user_agent" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_active_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "end_reason" "benteng"."session_end_reason",

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."challenges" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "purpose" "benteng"."challenge_purpose" NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "credential_version" INTEGER NOT NULL,
    "amr" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "consumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "challenges_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."security_events" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "action" TEXT NOT NULL,
    "actor_id" UUID,
    "target_id" UUID,
    "ip_address" TEXT,
    "request_id" UUID,
    "details" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "security_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "benteng"."users"("email");

-- CreateIndex
CREATE INDEX "users_organization_id_id_idx" ON "benteng"."users"("organization_id", "id");

-- CreateIndex
CREATE INDEX "users_organization_id_role_status_id_idx" ON "benteng"."users"("organization_id", "role", "status", "id");

-- CreateIndex
CREATE INDEX "users_organization_id_password_reset_requested_at_id_idx" ON "benteng"."users"("organization_id", "password_reset_requested_at", "id");

-- CreateIndex
CREATE INDEX "sessions_organization_id_user_id_ended_at_id_idx" ON "benteng"."sessions"("organization_id", "user_id", "ended_at", "id");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "benteng"."sessions"("user_id");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "benteng"."sessions"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "challenges_token_hash_key" ON "benteng"."challenges"("token_hash");

-- CreateIndex
CREATE INDEX "challenges_organization_id_user_id_expires_at_idx" ON "benteng"."challenges"("organization_id", "user_id", "expires_at");

-- CreateIndex
CREATE INDEX "challenges_user_id_idx" ON "benteng"."challenges"("user_id");

-- CreateIndex
CREATE INDEX "challenges_expires_at_idx" ON "benteng"."challenges"("expires_at");

-- CreateIndex
CREATE INDEX "security_events_organization_id_id_idx" ON "benteng"."security_events"("organization_id", "id");

-- CreateIndex
CREATE INDEX "security_events_organization_id_action_id_idx" ON "benteng"."security_events"("organization_id", "action", "id");

-- CreateIndex
CREATE INDEX "security_events_organization_id_actor_id_id_idx" ON "benteng"."security_events"("organization_id", "actor_id", "id");

-- CreateIndex
CREATE INDEX "security_events_organization_id_target_id_id_idx" ON "benteng"."security_events"("organization_id", "target_id", "id");

-- AddForeignKey
ALTER TABLE "benteng"."users" ADD CONSTRAINT "users_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."sessions" ADD CONSTRAINT "sessions_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "benteng"."users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."challenges" ADD CONSTRAINT "challenges_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "benteng"."organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "benteng"."challenges" ADD CONSTRAINT "challenges_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "benteng"."users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Rules the schema language cannot say.
ALTER TABLE "benteng"."users" ADD CONSTRAINT "users_email_is_canonical" CHECK ("email" = lower(btrim("email")));
ALTER TABLE "benteng"."users" ADD CONSTRAINT "users_locale_is_known" CHECK ("locale" IN ('en', 'id'));
ALTER TABLE "benteng"."users" ADD CONSTRAINT "users_token_balance_is_not_negative" CHECK ("token_balance" >= 0);
ALTER TABLE "benteng"."sessions" ADD CONSTRAINT "sessions_refresh_counter_is_not_negative" CHECK ("refresh_counter" >= 0);
