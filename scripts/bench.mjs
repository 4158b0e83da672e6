// Measures this program against the machine it runs on and prints one table. On PostgreSQL when DATABASE_URL is set
// (in a scratch database beside it, dropped at the end), else on the embedded database in a temporary folder.
import './require-node.cjs';
import { parseArgs } from 'node:util';

const HELP = `usage: npm run bench -- [--seconds <n>] [--json] [--profile <folder>]

  --seconds <n>       length of each measurement, 2 to 120; default 8
  --json              print the numbers for machines
  --profile <folder>  write a CPU profile of the measured server there (open it in the browser's developer tools)

DATABASE_URL set: measures on that PostgreSQL server, in a scratch database of its own. Stop other work meanwhile:
server, load and database share the processors, and the ratios of one run are what counts.`;

const { values } = readArguments();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const seconds = Number(values.seconds);
if (!(seconds >= 2 && seconds <= 120)) fail('--seconds must be a number from 2 to 120');

const { prepare } = await import('./prepare.mjs');
prepare({ build: true });
const { runBench } = await import('../bench/run.mjs');
const { printTable } = await import('../bench/table.mjs');
const result = await runBench({ seconds, profileFolder: values.profile ?? null });
if (values.json) console.log(JSON.stringify(result, null, 2));
else printTable(result);

function readArguments() {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '8' },
        profile: { type: 'string' },
      },
    });
  } catch (error) {
    return fail(error.message);
  }
}

function fail(reason) {
  console.error(`${reason}\n\n${HELP}`);
  process.exit(2);
}
