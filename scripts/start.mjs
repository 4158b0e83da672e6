import './require-node.cjs';
const { prepare } = await import('./prepare.mjs');

prepare({ build: true });
await import('../dist/main.js');

// npm hands a signal to the shell between us, and some shells end without handing it on: an orphan stops, too.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 250).unref();
