#!/usr/bin/env node
// Only what Node 14 can parse and run before the check, so that an old Node says what it lacks in one line.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const OLDEST_MAJOR = 24;
const current = process.versions.node;
const entry = new URL('../dist/cli.js', import.meta.url);
// In a checkout the install brings a Node along.
const installed = fileURLToPath(new URL('../node_modules/.bin/', import.meta.url));

if (Number(current.split('.')[0]) < OLDEST_MAJOR) {
  const help = existsSync(`${installed}node`) ? `: put the installed one first, PATH="${installed}:$PATH"` : '';
  const found = `this is ${current} at ${process.execPath}`;
  process.stderr.write(`pipectl needs Node ${OLDEST_MAJOR} or newer; ${found}${help}\n`);
  process.exitCode = 2;
} else if (!existsSync(fileURLToPath(entry))) {
  process.stderr.write('pipectl is not built in this checkout: run `npm run build` there first\n');
  process.exitCode = 2;
} else {
  nodeModule.enableCompileCache();
  await import(entry.href);
}
