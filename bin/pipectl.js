#!/usr/bin/env node
// Only what Node 14 can parse and run before the check, so that an old Node says what it lacks in one line. A CommonJS
// module, which Node starts a little sooner.
const { existsSync } = require('node:fs');
const nodeModule = require('node:module');
const { join } = require('node:path');

const OLDEST_MAJOR = 24;
const current = process.versions.node;
const dist = join(__dirname, '..', 'dist');
// In a checkout the install brings a Node along.
const installed = join(__dirname, '..', 'node_modules', '.bin', '/');

if (Number(current.split('.')[0]) < OLDEST_MAJOR) {
  const help = existsSync(`${installed}node`) ? `: put the installed one first, PATH="${installed}:$PATH"` : '';
  const found = `this is ${current} at ${process.execPath}`;
  process.stderr.write(`pipectl needs Node ${OLDEST_MAJOR} or newer; ${found}${help}\n`);
  process.exitCode = 2;
} else if (!existsSync(join(dist, 'cli.js'))) {
  process.stderr.write('pipectl is not built in this checkout: run `npm run build` there first\n');
  process.exitCode = 2;
} else {
  nodeModule.enableCompileCache();
  // What editors run at each save has an entry of its own, which loads less.
  const isValidation = process.argv.length === 3 && process.argv[2] === 'validate';
  require(join(dist, isValidation ? 'validate.js' : 'cli.js'));
}
