import { Readable } from 'node:stream';
import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { IntegrationsService } from '../integrations/integrations.service.js';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { AnyPerson, CurrentPrincipal } from '../platform/access/access.decorators.js';
import type { Principal } from '../platform/access/principal.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { Config } from '../platform/config/config.js';
import { ReadsFile } from '../platform/http/body-kinds.js';
import { Client, type ClientContext } from '../platform/http/client-context.js';
import { withUpload } from '../platform/http/upload.js';
import { Limits } from '../platform/limits/limits.decorators.js';
import { LimitsService } from '../platform/limits/limits.service.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { PageQuery } from '../platform/validation/page-query.js';
import { ImportRowsQuery } from './dto/imports.dto.js';
import { ImportRows } from './import-rows.js';
import { ImportsService } from './imports.service.js';
import { streamRows } from './streamed-rows.js';

@Controller('integrations/:id/imports')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class ImportsController {
  constructor(
    private readonly imports: ImportsService,
    private readonly importRows: ImportRows,
    private readonly integrations: IntegrationsService,
    private readonly limits: LimitsService,
    private readonly config: Config,
  ) {}

  /** 201 with what was read; 202 while reading goes on, then `GET …/imports/:importId` tells. */
  @Post()
  @AnyPerson()
  @Limits('UPLOAD')
  @ReadsFile()
  async upload(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Client() client: ClientContext,
  ) {
    await this.limits.consume('UPLOAD', principal.userId, this.config.limits.UPLOAD);
    await this.integrations.assertExists(principal.organizationId, id);
    const view = await withUpload(request, (file) => this.imports.upload(principal, id, file, client));
    void reply
      .status(view.status === 'PARSING' ? 202 : 201)
      .header('Location', `${request.originalUrl}/${view.id}`);
    return view;
  }

  @Get()
  @AnyPerson()
  list(@CurrentPrincipal() principal: Principal, @Param('id') id: string, @Query() page: PageQuery) {
    return this.imports.list(principal, id, page);
  }

  @Get(':importId')
  @AnyPerson()
  get(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('importId') importId: string,
  ) {
    return this.imports.get(principal, id, importId);
  }

  @Get(':importId/rows')
  @AnyPerson()
  async rows(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('importId') importId: string,
    @Query() query: ImportRowsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const { page, endedEarly } = await this.importRows.list(principal, id, importId, query);
    // The shape of a list is the same everywhere, so a header says it.
    if (endedEarly) void reply.header('X-Ended-Early', 'size');
    return streamRows(page);
  }

  /** Never shown by a browser: always saved, as bytes of no type. */
  @Get(':importId/file')
  @AnyPerson()
  async download(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('importId') importId: string,
  ): Promise<StreamableFile> {
    const { fileName, bytes, content } = await this.imports.download(principal, id, importId);
    return new StreamableFile(Readable.from(content, { objectMode: false }), {
      type: 'application/octet-stream',
      disposition: `attachment; filename="workbook.xlsx"; filename*=UTF-8''${encodeURIComponent(fileName).replaceAll("'", '%27')}`,
      length: bytes,
    });
  }

  @Delete(':importId')
  @AnyPerson()
  @HttpCode(204)
  remove(
    @CurrentPrincipal() principal: Principal,
    @Param('id') id: string,
    @Param('importId') importId: string,
    @Client() client: ClientContext,
  ) {
    return this.imports.remove(principal, id, importId, client);
  }
}
