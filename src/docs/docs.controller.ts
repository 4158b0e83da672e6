import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from '../platform/access/access-token.guard.js';
import { Public } from '../platform/access/access.decorators.js';
import { RolesGuard } from '../platform/access/roles.guard.js';
import { ThrottlerGuard } from '../platform/limits/throttler.guard.js';
import { DOCS_STYLE } from './docs-page.js';
import { DocsService } from './docs.service.js';

/** The one page that a browser shows: it may load its own style, and nothing else. */
const PAGE_POLICY =
  "default-src 'none';style-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'";

@Controller('docs')
@UseGuards(ThrottlerGuard, AccessTokenGuard, RolesGuard)
export class DocsController {
  constructor(private readonly docs: DocsService) {}

  @Get()
  @Public('anyone, while DOCS is on')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', PAGE_POLICY)
  page() {
    this.docs.assertShown();
    return this.docs.render();
  }

  @Get('openapi.json')
  @Public('anyone, while DOCS is on')
  document() {
    this.docs.assertShown();
    return this.docs.document;
  }

  @Get('style.css')
  @Public('anyone, while DOCS is on')
  @Header('Content-Type', 'text/css; charset=utf-8')
  style() {
    this.docs.assertShown();
    return DOCS_STYLE;
  }
}
