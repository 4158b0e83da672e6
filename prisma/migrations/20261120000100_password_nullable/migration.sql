-- An account may exist without a password until one is issued (O-1). The way back is in down.sql beside this file.
ALTER TABLE "benteng"."users" ALTER COLUMN "password_hash" DROP NOT NULL;
