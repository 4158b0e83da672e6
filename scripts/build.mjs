// Installs, generates and compiles to dist/, and skips what is done: what `npm start` does before it starts.
import './require-node.cjs';
const { prepare } = await import('./prepare.mjs');

prepare({ build: true });
