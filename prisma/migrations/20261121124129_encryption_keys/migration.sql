-- Which keys of ENCRYPTION_KEYS may have made values, so that a start need not read them all
-- (platform/database/key-register.ts). The first start after this migration fills it.
-- The way back: DROP TABLE benteng.encryption_keys.
CREATE TABLE "benteng"."encryption_keys" (
    "id" TEXT NOT NULL,
    "fingerprint" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "encryption_keys_pkey" PRIMARY KEY ("id")
);
