import './require-node.cjs';
const { prepare } = await import('./prepare.mjs');

prepare({ build: true });
await import('../dist/main.js');
