import { describe } from 'vitest';
import { COMPILER_CODES } from '../../src/language/diagnostics/compiler-codes.ts';
import { DOMAIN_CODES } from '../../src/language/diagnostics/domain-codes.ts';
import { NODE_CODES } from '../../src/language/diagnostics/node-codes.ts';
import { NOTIFICATION_CODES } from '../../src/language/diagnostics/notification-codes.ts';
import { SCHEDULE_CODES } from '../../src/language/diagnostics/schedule-codes.ts';
import { checkExamples, type ExampleRunner } from '../language/diagnostics/check-examples.ts';
import { compileAll, PROJECT_TEXT } from './commit.ts';

const folders = new Map([['tasks', 'a'.repeat(40)]]);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const asFile: ExampleRunner = (bytes) =>
  compileAll({
    files: new Map([
      ['pipectl.yaml', PROJECT_TEXT],
      ['pipelines/example.yaml', text(bytes)],
      ['calendars/holidays.dates', '2026-12-25 Christmas Day\n2026-12-26\n'],
      ['calendars/broken.dates', '2026-12-25\nEaster\n'],
    ]),
    folders,
  }).diagnostics;

const asRoot: ExampleRunner = (bytes) =>
  compileAll({ files: new Map([['pipectl.yaml', text(bytes)]]), folders }).diagnostics.filter(
    // Lints have tests of their own.
    ({ code }) => !code.startsWith('PIPE-LINT-'),
  );

const isOfProject = ({ code }: { readonly code: string }): boolean => code.startsWith('PIPE-PROJ-');

describe('examples of the compiler, as files', () => {
  checkExamples(
    COMPILER_CODES.filter((row) => !isOfProject(row)),
    asFile,
  );
});

describe('examples of nodes', () => {
  checkExamples(NODE_CODES, asFile);
});

describe('examples of schedules', () => {
  checkExamples(SCHEDULE_CODES, asFile);
});

describe('examples of notifications', () => {
  checkExamples(NOTIFICATION_CODES, asFile);
});

describe('examples of the compiler, as the root file', () => {
  checkExamples(COMPILER_CODES.filter(isOfProject), asRoot);
});

describe('examples of domains', () => {
  checkExamples(DOMAIN_CODES, asRoot);
});
