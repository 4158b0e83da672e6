// Measures this program against the machine it runs on and prints one table. On PostgreSQL when DATABASE_URL is set
// (in a scratch database beside it, dropped at the end), else on the embedded database in a temporary folder.
import './require-node.cjs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

const HELP = `usage: npm run bench -- [--seconds <n>] [--json] [--profile <folder>]
       npm run bench -- --scale [--users <n>] [--seconds <n>] [--json]

  --seconds <n>       length of each measurement, 2 to 120; default 8
  --json              print the numbers for machines
  --profile <folder>  write a CPU profile of the measured server there (open it in the browser's developer tools)
  --scale             compare a nearly empty database with a large one instead; needs DATABASE_URL of a superuser
  --users <n>         people of the large one, 1,000 to 10,000,000; default 1,000,000. As many sessions and events, five
                      times as many attempts; 1,000,000 take about 6 GiB of disk and some minutes to make

DATABASE_URL set: measures on that PostgreSQL server, in a scratch database of its own. Stop other work meanwhile:
server, load and database share the processors, and the ratios of one run are what counts.`;

const { values } = readArguments();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const seconds = Number(values.seconds);
if (!(seconds >= 2 && seconds <= 120)) fail('--seconds must be a number from 2 to 120');

const users = Number(values.users);
if (!(Number.isInteger(users) && users >= 1000 && users <= 10_000_000))
  fail('--users must be a whole number from 1000 to 10000000');
if (values.scale && !process.env.DATABASE_URL) fail('--scale needs a PostgreSQL server: set DATABASE_URL');

const { prepare } = await import('./prepare.mjs');
prepare({ build: true });
const { printTable } = await import('../bench/table.mjs');
const measured = values.scale ? await scale() : await bench();
const result = { node: process.versions.node, processors: availableParallelism(), ...measured };
if (values.json) console.log(JSON.stringify(result, null, 2));
else printTable(result);

async function bench() {
  const { runBench } = await import('../bench/run.mjs');
  return runBench({ seconds, profileFolder: values.profile ?? null });
}

async function scale() {
  const { runScale } = await import('../bench/scale.mjs');
  return runScale({ serverUrl: process.env.DATABASE_URL, seconds, users });
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '8' },
        profile: { type: 'string' },
        scale: { type: 'boolean', default: false },
        users: { type: 'string', default: '1000000' },
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
