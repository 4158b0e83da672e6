import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { v7 as uuidV7 } from 'uuid';
import { schemeName } from '../integrations/credential-fields.js';
import { SystemClock } from '../platform/clock/clock.js';
import { readEnvironment } from '../platform/config/load-config.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { WEBHOOK_SCHEMES } from '../webhooks/schemes/index.js';
import { SigningError } from '../webhooks/schemes/scheme.js';
import { parsePath, parseText, parseWebAddress } from './option-values.js';
import { printResult } from './output.js';

interface Options {
  scheme: string;
  url: string;
  body?: string;
  file?: string;
  id?: string;
  timestamp?: number;
  dryRun?: boolean;
  json?: boolean;
}

/** By the names that people see. */
const SCHEMES = new Map(
  (Object.keys(WEBHOOK_SCHEMES) as (keyof typeof WEBHOOK_SCHEMES)[]).map((scheme) => [
    schemeName(scheme),
    WEBHOOK_SCHEMES[scheme],
  ]),
);
const TIMEOUT_MS = 15_000;

export const webhooksSendCommand = new Command('webhooks:send')
  .description(
    'Signs a body as a provider would and posts it, to try an integration. The secret comes from WEBHOOK_SECRET.',
  )
  .addOption(
    new Option('--scheme <name>', 'how it is signed').choices([...SCHEMES.keys()]).makeOptionMandatory(),
  )
  .requiredOption('--url <address>', 'https://…/webhooks/<integration id>', parseWebAddress)
  .option('--body <text>', 'what is sent, as it is; default: a small JSON object', String)
  .option('--file <path>', 'a file with what is sent', parsePath)
  .option('--id <text>', 'id of the event; default: a fresh one', parseText)
  .option('--timestamp <seconds>', 'seconds since 1970; default: now', parseSeconds)
  .option('--dry-run', 'print the signed request, send nothing')
  .option('--json', 'print JSON')
  .action(async ({ scheme, url, body, file, id = uuidV7(), timestamp, dryRun = false, json }: Options) => {
    const secret = readEnvironment()['WEBHOOK_SECRET'] ?? '';
    if (secret === '')
      throw new OperatorError('Set WEBHOOK_SECRET to the webhook secret of the integration.');
    const content = file === undefined ? Buffer.from(body ?? '{"test":true}') : readContent(file);
    const signed = sign(scheme, secret, content, {
      id,
      timestamp: timestamp ?? Math.floor(new SystemClock().now().getTime() / 1000),
    });
    const headers = { 'Content-Type': 'application/json', ...signed.headers };
    const text = signed.body.toString('utf8');
    if (dryRun) {
      const lines = [`POST ${url}`, ...Object.entries(headers).map((pair) => pair.join(': ')), '', text];
      printResult(json, { url, headers, body: text }, lines);
      return;
    }
    const answer = await send(url, headers, signed.body);
    printResult(json, answer, [`${answer.status} ${answer.body}`]);
    if (answer.status !== 200) throw new OperatorError('The delivery was not accepted.');
  });

function sign(scheme: string, secret: string, body: Buffer, options: { id: string; timestamp: number }) {
  try {
    return SCHEMES.get(scheme)!.sign(secret, body, options);
  } catch (error) {
    if (error instanceof SigningError) throw new OperatorError(error.message);
    throw error;
  }
}

async function send(url: string, headers: Record<string, string>, body: Buffer) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    throw new OperatorError(`Nothing answers at that address: ${(error as Error).message}`, { cause: error });
  }
}

function readContent(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new OperatorError(`The file cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function parseSeconds(text: string): number {
  if (!/^\d{1,11}$/.test(text)) throw new InvalidArgumentError('It must be whole seconds since 1970.');
  return Number(text);
}
