import { resolve } from 'node:path';
import { Command } from 'commander';
import { writeSbom } from '../dependency-audit/sbom.js';
import { parsePath } from './option-values.js';
import { printResult } from './output.js';

interface Options {
  root: string;
  out: string;
  omitDevelopment?: boolean;
  json?: boolean;
}

export const securitySbomCommand = new Command('security:sbom')
  .description(
    'Writes the bill of materials (SBOM, CycloneDX) of the lockfile and compares it with the lockfile; needs no network.',
  )
  .option('--root <folder>', 'the repository', parsePath, '.')
  .requiredOption('--out <file>', 'where it goes, for example sbom.cdx.json', parsePath)
  .option('--omit-development', 'only what runs, as in the image')
  .option('--json', 'print JSON')
  .action(({ root, out, omitDevelopment = false, json }: Options) => {
    const file = resolve(out);
    const packages = writeSbom(resolve(root), file, { withDevelopment: !omitDevelopment });
    printResult(json, { file, packages }, [`Written: ${file} (${packages} packages).`]);
  });
