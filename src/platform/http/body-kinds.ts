import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { unsupportedMediaType } from '../errors/platform.errors.js';

/** What a route reads instead of JSON: the bytes as they came, or a form with a file, which it reads itself. */
export type BodyKind = 'raw' | 'file';

/** Contract §1. */
const RAW_BODY_BYTES = 1024 * 1024;

/** The content type under which our parser gets the body of such a route, whatever the client called it. */
const RAW_TYPE = 'application/vnd.benteng.raw';

/** The handler gets the body as a `Buffer` of at most 1 MiB, of any content type: what is signed is bytes. */
export const ReadsRawBody = (): MethodDecorator => RouteConfig({ bodyKind: 'raw' satisfies BodyKind });

/** The handler reads a `multipart/form-data` itself (`upload.ts`), after the guards. */
export const ReadsFile = (): MethodDecorator => RouteConfig({ bodyKind: 'file' satisfies BodyKind });

/** Has the server read bodies by the kind that their route declares; everything else stays JSON. */
export function readBodyKinds(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    if (route.config?.bodyKind !== 'raw') return;
    route.onRequest = [route.onRequest ?? [], callItRaw].flat();
  });
  server.addContentTypeParser(RAW_TYPE, async (request: FastifyRequest) => {
    if (kindOf(request) !== 'raw') throw unsupportedMediaType();
    request.heldBody = await server.bodies.read(request, RAW_BODY_BYTES);
    return request.heldBody.bytes;
  });
  server.addContentTypeParser('multipart/form-data', async (request: FastifyRequest) => {
    if (kindOf(request) !== 'file') throw unsupportedMediaType();
  });
}

/** Whatever the client called its body, our parser shall get it. */
async function callItRaw(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  // Also when the client is gone before its answer.
  reply.raw.once('close', () => request.heldBody?.release());
  const { headers } = request.raw;
  request.sentContentType = headers['content-type'];
  headers['content-type'] = RAW_TYPE;
}

function kindOf(request: FastifyRequest): BodyKind | undefined {
  return request.routeOptions.config.bodyKind;
}
