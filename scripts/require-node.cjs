// Plain old syntax: this file must be readable by any Node, to say that it is too old.
'use strict';
var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 20 || (parts[0] === 20 && parts[1] < 19)) {
  process.stderr.write(
    'Benteng needs Node 20.19 or later; this is Node ' +
      process.versions.node +
      '. Get the current LTS from nodejs.org.\n',
  );
  process.exit(1);
}
