-- Login attempts, lockouts, the chained trail, alerts and notices.

-- CreateEnum
CREATE TYPE "benteng"."login_failure_reason" AS ENUM ('unknown_email', 'invalid_password', 'account_locked', 'account_suspended', 'no_password', 'rate_limited', 'captcha_required', 'two_factor_failed', 'temporary_password_expired');

-- DropIndex
DROP INDEX "benteng"."security_events_organization_id_action_id_idx";

-- DropIndex
DROP INDEX "benteng"."security_events_organization_id_actor_id_id_idx";

-- DropIndex
DROP INDEX "benteng"."security_events_organization_id_id_idx";

-- DropIndex
DROP INDEX "benteng"."security_events_organization_id_target_id_id_idx";

-- AlterTable
ALTER TABLE "benteng"."challenges" ADD COLUMN     "login_attempt_id" UUID;

-- AlterTable
ALTER TABLE "benteng"."security_events" ADD COLUMN     "hash" BYTEA,
ADD COLUMN     "sequence" BIGINT,
ALTER COLUMN "details" DROP DEFAULT,
ALTER COLUMN "details" SET DATA TYPE JSON USING "details"::text::json,
ALTER COLUMN "details" SET DEFAULT '{}';

-- CreateTable
CREATE TABLE "benteng"."audit_chains" (
    "organization_id" UUID NOT NULL,
    "sequence" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_chains_pkey" PRIMARY KEY ("organization_id")
);

-- CreateTable
CREATE TABLE "benteng"."login_attempts" (
    "id" UUID NOT NULL,
    "organization_id" UUID,
    "user_id" UUID,
    "email" TEXT NOT NULL,
    "success" BOOLEAN NOT NULL,
    "failure_reason" "benteng"."login_failure_reason",
    "ip_address" TEXT NOT NULL,
    "address_bucket" TEXT NOT NULL,
    "user_agent" TEXT,
    "request_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "login_attempts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."login_lockouts" (
    "email" TEXT NOT NULL,
    "lane" TEXT NOT NULL,
    "failures" TIMESTAMPTZ(3)[],
    "locked_until" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "login_lockouts_pkey" PRIMARY KEY ("email","lane")
);

-- CreateTable
CREATE TABLE "benteng"."spent_captchas" (
    "id" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "spent_captchas_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."alerts" (
    "id" UUID NOT NULL,
    "organization_id" UUID,
    "kind" TEXT NOT NULL,
    "open_key" TEXT,
    "details" JSONB NOT NULL DEFAULT '{}',
    "occurrences" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_raised_at" TIMESTAMPTZ(3) NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" UUID,
    "next_delivery_at" TIMESTAMPTZ(3),
    "delivery_attempts" INTEGER NOT NULL DEFAULT 0,
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "alerts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "benteng"."notices" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "notices_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "login_attempts_organization_id_created_at_id_idx" ON "benteng"."login_attempts"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "login_attempts_organization_id_email_created_at_id_idx" ON "benteng"."login_attempts"("organization_id", "email", "created_at", "id");

-- CreateIndex
CREATE INDEX "login_attempts_organization_id_ip_address_created_at_id_idx" ON "benteng"."login_attempts"("organization_id", "ip_address", "created_at", "id");

-- CreateIndex
CREATE INDEX "login_attempts_user_id_created_at_id_idx" ON "benteng"."login_attempts"("user_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "login_attempts_address_bucket_created_at_idx" ON "benteng"."login_attempts"("address_bucket", "created_at");

-- CreateIndex
CREATE INDEX "login_attempts_created_at_idx" ON "benteng"."login_attempts"("created_at");

-- CreateIndex
CREATE INDEX "login_lockouts_expires_at_idx" ON "benteng"."login_lockouts"("expires_at");

-- CreateIndex
CREATE INDEX "spent_captchas_expires_at_idx" ON "benteng"."spent_captchas"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "alerts_open_key_key" ON "benteng"."alerts"("open_key");

-- CreateIndex
CREATE INDEX "alerts_organization_id_created_at_id_idx" ON "benteng"."alerts"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "alerts_next_delivery_at_idx" ON "benteng"."alerts"("next_delivery_at");

-- CreateIndex
CREATE INDEX "notices_next_attempt_at_idx" ON "benteng"."notices"("next_attempt_at");

-- CreateIndex
CREATE INDEX "notices_created_at_idx" ON "benteng"."notices"("created_at");

-- CreateIndex
CREATE INDEX "security_events_organization_id_created_at_id_idx" ON "benteng"."security_events"("organization_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_events_organization_id_action_created_at_id_idx" ON "benteng"."security_events"("organization_id", "action", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_events_organization_id_actor_id_created_at_id_idx" ON "benteng"."security_events"("organization_id", "actor_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "security_events_organization_id_target_id_created_at_id_idx" ON "benteng"."security_events"("organization_id", "target_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "security_events_organization_id_sequence_key" ON "benteng"."security_events"("organization_id", "sequence");

-- The rows that are already there are chained in their order; the recipe is that of platform/events/event-chain.ts.
DO $$
DECLARE
  event RECORD;
  field TEXT;
  content BYTEA;
  link BYTEA;
  place BIGINT;
BEGIN
  FOR event IN SELECT * FROM benteng.security_events ORDER BY organization_id, id LOOP
    SELECT c.sequence, c.hash INTO place, link FROM benteng.audit_chains c
    WHERE c.organization_id = event.organization_id;
    place := COALESCE(place, 0) + 1;
    link := COALESCE(link, decode(repeat('00', 32), 'hex'));
    content := ''::bytea;
    FOREACH field IN ARRAY ARRAY[
      event.id::text, event.organization_id::text, event.action, event.actor_id::text, event.target_id::text,
      event.ip_address, event.request_id::text, event.details::text,
      to_char(event.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    ] LOOP
      content := content || convert_to(COALESCE(octet_length(field) || ':' || field, '-'), 'UTF8');
    END LOOP;
    link := sha256(link || int8send(place) || content);
    UPDATE benteng.security_events SET sequence = place, hash = link WHERE id = event.id;
    INSERT INTO benteng.audit_chains VALUES (event.organization_id, place, link)
    ON CONFLICT (organization_id) DO UPDATE SET sequence = place, hash = link;
  END LOOP;
END $$;
ALTER TABLE benteng.security_events ALTER COLUMN sequence SET NOT NULL, ALTER COLUMN hash SET NOT NULL;

-- The trail only grows, whoever asks; a role that owns the table could take the trigger away, the application's cannot.
CREATE FUNCTION benteng.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER security_events_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON benteng.security_events
  FOR EACH STATEMENT EXECUTE FUNCTION benteng.refuse_change();
