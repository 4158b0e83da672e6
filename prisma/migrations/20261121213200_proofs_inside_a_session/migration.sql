-- Wrong passwords and codes inside a session are counted per account (sessions/proof-tries.ts), and end the session.
-- Two columns of the account instead of a table: at most a dozen instants, read and written together with nothing else.
-- AlterEnum
ALTER TYPE "benteng"."session_end_reason" ADD VALUE 'FACTOR_REQUIRED';
ALTER TYPE "benteng"."session_end_reason" ADD VALUE 'PROOFS_REFUSED';

-- AlterTable
ALTER TABLE "benteng"."users" ADD COLUMN     "failed_proof_sessions" UUID[] DEFAULT ARRAY[]::UUID[],
ADD COLUMN     "failed_proofs" TIMESTAMPTZ(3)[] DEFAULT ARRAY[]::TIMESTAMPTZ(3)[];
