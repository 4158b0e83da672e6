import { Readable } from 'node:stream';
import { Controller, Get, Query, Res, StreamableFile, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { CurrentPrincipal, Roles } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { csvLine } from '../platform/validation/csv.js';
import { AttemptsExportQuery, AttemptsQuery, EventsQuery } from './dto/audit.dto.js';
import { EventTrail } from './event-trail.js';
import { LoginAttemptHistory, type LoginAttemptView } from './login-attempt-history.js';

const CSV_COLUMNS = [
  'id',
  'createdAt',
  'email',
  'success',
  'failureReason',
  'ipAddress',
  'userAgent',
  'count',
] as const satisfies (keyof LoginAttemptView)[];

@Controller('audit')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class AuditController {
  constructor(
    private readonly attempts: LoginAttemptHistory,
    private readonly trail: EventTrail,
  ) {}

  @Get('login-attempts')
  @Roles('ADMIN')
  listAttempts(@CurrentPrincipal() principal: Principal, @Query() query: AttemptsQuery) {
    return this.attempts.list(principal, query);
  }

  @Get('login-attempts.csv')
  @Roles('ADMIN')
  exportAttempts(
    @CurrentPrincipal() principal: Principal,
    @Query() query: AttemptsExportQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): StreamableFile {
    void reply.header('Content-Disposition', 'attachment; filename="login-attempts.csv"');
    const lines = Readable.from(toCsv(this.attempts.export(principal, query)));
    return new StreamableFile(lines, { type: 'text/csv; charset=utf-8' });
  }

  @Get('events')
  @Roles('ADMIN')
  listEvents(@CurrentPrincipal() principal: Principal, @Query() query: EventsQuery) {
    return this.trail.list(principal, query);
  }
}

/** The text of the export, a batch at a time. */
async function* toCsv(batches: AsyncIterable<LoginAttemptView[]>): AsyncGenerator<string> {
  yield csvLine(CSV_COLUMNS);
  for await (const batch of batches) {
    yield batch.map((attempt) => csvLine(CSV_COLUMNS.map((column) => attempt[column]))).join('');
  }
}
