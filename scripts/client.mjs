// Writes the types of the TypeScript client from the OpenAPI document of the running program, or with --check compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTypes, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { prepare, root } from './prepare.mjs';
import { startProgram } from './program.mjs';

const FILE = join(root, 'clients/typescript/src/schema.ts');

prepare({ build: true });
const text = await generate();
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
  console.log('Wrote clients/typescript/src/schema.ts.');
} else if (readFileSync(FILE, 'utf8') === text) {
  console.log('The types of the client belong to the API.');
} else {
  console.error('The types of the client are older than the API: run "npm run client".');
  process.exit(1);
}

async function generate() {
  const types = astToString(await openapiTypes(withoutProblems(await readDocument()), { alphabetize: true }));
  const head = '/** Made by `npm run client` from /docs/openapi.json; not to be edited. */\n';
  return format(head + types, { ...(await resolveConfig(FILE)), parser: 'typescript' });
}

/** Every refusal is the one problem document, which the client knows: told once instead of a thousand times. */
function withoutProblems(document) {
  for (const methods of Object.values(document.paths))
    for (const operation of Object.values(methods))
      operation.responses = Object.fromEntries(
        Object.entries(operation.responses).filter(([status]) => status.startsWith('2')),
      );
  return document;
}

/** The document of a program that is started for this alone. */
async function readDocument() {
  const { url, stop } = await startProgram({ DOCS: 'on' });
  try {
    return await (await fetch(`${url}/docs/openapi.json`)).json();
  } finally {
    await stop();
  }
}
