import { Injectable } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { listRoutes } from '../platform/access/route-declarations.js';
import { Config } from '../platform/config/config.js';
import { notFound } from '../platform/errors/platform.errors.js';
import { renderDocs } from './docs-page.js';
import { buildDocument, type OpenApiDocument } from './openapi.js';

/** The description of the API, made once when it is first asked for. */
@Injectable()
export class DocsService {
  private built: OpenApiDocument | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly config: Config,
  ) {}

  /** Whatever the setting says. */
  get document(): OpenApiDocument {
    this.built ??= buildDocument(listRoutes(this.discovery, this.reflector), this.reflector, this.config);
    return this.built;
  }

  /** @throws NOT_FOUND where DOCS is off: then the routes do not exist. */
  assertShown(): void {
    if (!this.config.docs) throw notFound();
  }

  /** The document as a page. */
  render(): string {
    const prefix = this.config.apiPrefix === '' ? '' : `/${this.config.apiPrefix}`;
    return renderDocs(this.document, `${prefix}/docs`);
  }
}
