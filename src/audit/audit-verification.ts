import { Injectable } from '@nestjs/common';
import { equalInConstantTime } from '../platform/crypto/digest.js';
import { Database, type Statement } from '../platform/database/database.js';
import { CHAIN_START, chainHash, contentOf, type EventRow } from '../platform/events/event-chain.js';

/** What an auditor keeps outside: where a chain ended when it was last verified. */
export interface ChainHead {
  readonly organizationId: string;
  /** Rows of the chain. */
  readonly sequence: number;
  /** Hexadecimal. */
  readonly hash: string;
}

/** The first thing that is wrong with a chain. */
export interface ChainFault {
  readonly organizationId: string;
  /** Where in the chain. */
  readonly sequence: number;
  /** The row there; null when there is none. */
  readonly eventId: string | null;
  /** In words. */
  readonly fault: string;
}

/** What became of one chain. */
export type ChainVerdict =
  { readonly head: ChainHead; readonly fault: null } | { readonly head: null; readonly fault: ChainFault };

interface StoredRow extends EventRow {
  /** Text where the driver keeps `bigint` that way. */
  readonly sequence: bigint | string;
  readonly hash: Uint8Array;
}

const BATCH = 2000;

const READ_CHAIN: Statement = {
  name: 'read_chain',
  tenant: 1,
  text: `
    SELECT id, organization_id AS "organizationId", sequence, hash, action, actor_id AS "actorId",
           target_id AS "targetId", ip_address AS "ipAddress", request_id AS "requestId", details::text AS details,
           created_at AS "createdAt"
    FROM benteng.security_events
    WHERE organization_id = $1::uuid AND sequence > $2::bigint
    ORDER BY sequence LIMIT ${BATCH}`,
};

/** Recomputes the chains of security events and finds the first row that does not fit. */
@Injectable()
export class AuditVerification {
  constructor(private readonly database: Database) {}

  /** Every organization, and what else has a chain or an event, in the order of their ids. */
  async listChains(): Promise<{ organizationId: string; rows: number }[]> {
    return this.database.acrossTenants(
      () => this.database.client.$queryRaw<{ organizationId: string; rows: number }[]>`
      SELECT organization_id AS "organizationId", max(sequence)::int AS rows FROM (
        SELECT id AS organization_id, 0 AS sequence FROM benteng.organizations
        UNION ALL SELECT organization_id, sequence FROM benteng.audit_chains
        UNION ALL SELECT organization_id, max(sequence) FROM benteng.security_events GROUP BY organization_id
      ) AS chains GROUP BY organization_id ORDER BY organization_id`,
    );
  }

  /**
   * Verifies one chain, in batches.
   * @param known a head kept outside: it must still be part of the chain.
   * @param onRows told how many rows were read since the last call.
   */
  async verify(
    organizationId: string,
    known?: ChainHead,
    onRows: (count: number) => void = () => undefined,
  ): Promise<ChainVerdict> {
    let sequence = 0n;
    let hash: Uint8Array = CHAIN_START;
    const broken = (fault: string, eventId: string | null = null, at = sequence + 1n): ChainVerdict => ({
      head: null,
      fault: { organizationId, sequence: Number(at), eventId, fault },
    });
    for (;;) {
      const rows = await this.database.run<StoredRow>(READ_CHAIN, [organizationId, sequence]);
      for (const row of rows) {
        const place = BigInt(row.sequence);
        if (place !== sequence + 1n) return broken('a row is missing here');
        const expected = chainHash(hash, place, contentOf(row));
        if (!equalInConstantTime(expected, Uint8Array.from(row.hash)))
          return broken('this row or the one before it was changed', row.id);
        sequence = place;
        hash = expected;
        if (known?.sequence === Number(sequence) && known.hash !== toHex(hash))
          return broken('the chain was written anew since the head was kept', row.id, sequence);
      }
      onRows(rows.length);
      if (rows.length < BATCH) break;
    }
    if (known !== undefined && known.sequence > Number(sequence))
      return broken('the chain is shorter than when the head was kept');
    const end = await this.database.client.auditChain.findFirst({ where: { organizationId } });
    if (end === null)
      return broken(
        sequence > 0n ? 'the end of the chain is not recorded' : await this.nameAbsence(organizationId),
      );
    if (end.sequence > sequence) return broken('rows are missing at the end');
    if (end.sequence < sequence || toHex(end.hash) !== toHex(hash))
      return broken('the recorded end of the chain is another one');
    return { head: { organizationId, sequence: Number(sequence), hash: toHex(hash) }, fault: null };
  }

  /** Why there is neither a row nor an end. */
  private async nameAbsence(organizationId: string): Promise<string> {
    const where = { id: organizationId };
    const known = await this.database.client.organization.count({ where });
    return known === 0
      ? 'there is no such organization, nor a chain of one'
      : 'the whole chain is missing: every organization has one from its first moment on';
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
