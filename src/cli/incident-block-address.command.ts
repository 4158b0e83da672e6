import { Command, InvalidArgumentError } from 'commander';
import { isAddressRange } from '../platform/http/address-ranges.js';
import { BlockedAddressesService } from '../webhooks/blocked-addresses.service.js';
import { withApplication } from './application-context.js';
import { parseCount, parseText } from './option-values.js';
import { printResult } from './output.js';

interface Options {
  address: string;
  hours: number;
  reason: string;
  json?: boolean;
}

export const incidentBlockAddressCommand = new Command('incident:block-address')
  .description('Refuses the webhooks of an address for a while, for every integration of the installation.')
  .requiredOption('--address <address>', 'address or CIDR', parseRange)
  .option('--hours <n>', 'for how long, 1 to 8760', parseCount(8760), 24)
  .option('--reason <text>', 'why', parseText, 'Webhook abuse')
  .option('--json', 'print JSON')
  .action(async ({ address, hours, reason, json }: Options) => {
    const blocked = await withApplication((app) =>
      app.get(BlockedAddressesService).blockEverywhere({ address, seconds: hours * 3600, reason }),
    );
    printResult(json, blocked, [
      `Webhooks from ${address} are refused until ${blocked.expiresAt.toISOString()}.`,
    ]);
  });

function parseRange(text: string): string {
  if (!isAddressRange(text)) throw new InvalidArgumentError('It is neither an address nor a CIDR.');
  return text;
}
