import 'reflect-metadata';
import { reportFailure, runProgram } from './run-program.js';

const args = process.argv.slice(2);

// What escapes a command (a stream that breaks later) is told like everything else.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => process.exit(reportFailure(error, args.includes('--json'))));
// `| head` has read enough.
process.stdout.on('error', () => process.exit(0));

const code = await runProgram(args);
// After a failure something may still be open that would keep the process.
if (code !== 0) process.exit(code);
