import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OpenApiDocument } from '../../src/docs/openapi.js';

const DOCUMENT = 'https://benteng.test/openapi';

/** What `environment.mjs` lends: see `answer-judge.mjs`. */
declare const answerJudge: (components: string) => (schema: string, value: unknown) => string | null;

/** Routes whose answers a test has seen fit the document: `GET /users 200`. */
export const seenAnswers = new Set<string>();

/** Judges answers by the OpenAPI document of an application. */
export class AnswerValidation {
  private judgeOfDocument: ReturnType<typeof answerJudge> | undefined;
  private readonly schemas = new Map<string, string>();
  /** What did not fit. */
  readonly faults: string[] = [];

  constructor(private readonly document: () => OpenApiDocument) {}

  /** Has every answer of a server judged. To be called before it listens. */
  watch(server: FastifyInstance): void {
    server.addHook('onSend', async (request, reply, payload) => {
      if (payload instanceof Readable && String(reply.getHeader('content-type')).includes('json'))
        return Readable.from(this.judgeAtItsEnd(request, reply, payload), { objectMode: false });
      this.judge(request, reply, payload);
      return payload;
    });
  }

  /** An answer that is written piece by piece. */
  private async *judgeAtItsEnd(request: FastifyRequest, reply: FastifyReply, payload: Readable) {
    const pieces: Buffer[] = [];
    for await (const piece of payload as AsyncIterable<Buffer>) {
      pieces.push(piece);
      yield piece;
    }
    this.judge(request, reply, Buffer.concat(pieces));
  }

  private judge(request: FastifyRequest, reply: FastifyReply, payload: unknown): void {
    const template = request.routeOptions.url;
    // Answers of no route of ours: unknown paths, preflight requests.
    if (template === undefined || !['GET', 'POST', 'PATCH', 'DELETE'].includes(request.method)) return;
    const path = template.replaceAll(/:(\w+)/g, '{$1}');
    const operation = this.document().paths[path]?.[request.method.toLowerCase()];
    if (operation === undefined) return;
    const where = `${request.method} ${template} ${reply.statusCode}`;
    seenAnswers.add(where);
    // Codes that any answer may have (documented once, not per route).
    if ([308, 408, 414, 417, 431].includes(reply.statusCode)) return;
    const answer = operation.responses[String(reply.statusCode)];
    if (answer === undefined) {
      this.faults.push(`${where} is not documented: ${text(payload)}`);
      return;
    }
    const content = answer['content'] as Record<string, { schema: object }> | undefined;
    if (content === undefined) {
      if (typeof payload === 'string' && payload !== '') this.faults.push(`${where} has a body: ${payload}`);
      return;
    }
    const type = String(reply.getHeader('content-type') ?? '').split(';', 1)[0]!;
    const media = content[type];
    if (media === undefined) {
      this.faults.push(`${where} is of the type ${type}`);
      return;
    }
    if (!type.includes('json')) return;
    const key = `${where} ${type}`;
    const schema = this.schemas.get(key) ?? renamed(media.schema);
    this.schemas.set(key, schema);
    // The shared schemas are compiled once, under a name of their own.
    this.judgeOfDocument ??= answerJudge(renamed({ $id: DOCUMENT, components: this.document().components }));
    const fault = this.judgeOfDocument(schema, JSON.parse(text(payload)));
    if (fault !== null) this.faults.push(`${where}: ${fault} in ${text(payload)}`);
  }
}

/** The same as JSON, with references into the named document. */
function renamed(schema: object): string {
  return JSON.stringify(schema).replaceAll('"#/components/', `"${DOCUMENT}#/components/`);
}

function text(payload: unknown): string {
  return Buffer.isBuffer(payload) ? payload.toString('utf8') : String(payload);
}
