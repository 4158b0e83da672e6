import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Requests whose client waits for a word before it sends the body. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * Lets requests with `Expect` through to our own rules (RFC 9110 §10.1.1): Node would answer a strange one with a bare
 * 417, and ask for the body of any other before anybody has looked at the request.
 */
export function keepExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response);
    server.emit('request', request, response);
  });
}

export function isContinueExpected(expect: string): boolean {
  return /^100-continue$/i.test(expect);
}

/** Asks for the body, where the client waits for that. */
export function askForBody(request: IncomingMessage): void {
  waiting.get(request)?.writeContinue();
  waiting.delete(request);
}
