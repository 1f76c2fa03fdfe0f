import {
  MAX_FILE_BYTES,
  MAX_FILE_DIAGNOSTICS,
  MAX_FULL_PARSE_LENGTH,
  MAX_LINE_LENGTH,
  MAX_YAML_DEPTH,
  MAX_YAML_ENTRIES,
} from '../../base/index.ts';
import type { DiagnosticCode } from './code.ts';
import { example, task } from './examples.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the text itself may be wrong about, whatever it describes. */
export const YAML_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-YAML-001',
    severity: 'error',
    title: 'a definitions file is too large',
    explanation:
      'A file is read whole before it is parsed, so its size is bounded. Split the definitions into several files; data belongs into files that tasks read.',
    wrong: '# one file of several megabytes',
    right: task('add'),
    wrongBytes: () => new Uint8Array(MAX_FILE_BYTES + 1).fill(0x23),
  },
  {
    code: 'PIPE-YAML-002',
    severity: 'error',
    title: 'a definitions file is not UTF-8',
    explanation: 'Definitions are UTF-8 text, with or without a byte order mark. Save the file in that encoding.',
    wrong: '# a file in UTF-16 or Latin-1',
    right: task('add'),
    wrongBytes: () => new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe, 0x0a]),
  },
  {
    code: 'PIPE-YAML-003',
    severity: 'error',
    title: 'a control character stands in the text',
    explanation:
      'Control characters can hide what a file says, or steer the terminal of the person who reads it. Only tabs and line ends are allowed; a carriage return only before a line feed. In double quotes, write an escape such as "\\u001b".',
    wrong: example(
      'kind: Task',
      'metadata: { name: add, description: "red \u001b[31m" }',
      'spec: { run: { command: [sh, add.sh] } }',
    ),
    right: example(
      'kind: Task',
      'metadata: { name: add, description: "red \\u001b[31m" }',
      'spec: { run: { command: [sh, add.sh] } }',
    ),
  },
  {
    code: 'PIPE-YAML-004',
    severity: 'error',
    title: 'a bidirectional control character stands in the text',
    explanation:
      'These invisible characters change the order in which text is shown, so that a reviewer reads something other than what runs (CVE-2021-42574). Remove them; text written from right to left needs none.',
    wrong: example(
      'kind: Task',
      'metadata: { name: add, description: "a\u202eb" }',
      'spec: { run: { command: [sh, add.sh] } }',
    ),
    right: task('add'),
  },
  {
    code: 'PIPE-YAML-005',
    severity: 'error',
    title: 'a line is too long',
    explanation: `Lines have at most ${MAX_LINE_LENGTH} characters. Long values can be folded over lines with \`>-\`; data belongs into files that tasks read.`,
    wrong: '# a line of several hundred thousand characters',
    right: task('add'),
    wrongBytes: () => encode(`# ${'x'.repeat(MAX_LINE_LENGTH)}\n`),
  },
  {
    code: 'PIPE-YAML-006',
    severity: 'error',
    title: 'the nesting is too deep',
    explanation: `Lists and maps nest at most ${MAX_YAML_DEPTH} deep, counted before the text is parsed. No definition needs more than a dozen levels.`,
    wrong: `a: ${'['.repeat(MAX_YAML_DEPTH)}1${']'.repeat(MAX_YAML_DEPTH)}`,
    right: task('add'),
  },
  {
    code: 'PIPE-YAML-007',
    severity: 'error',
    title: 'a definitions file has too many parts',
    explanation: `A file has at most ${MAX_YAML_ENTRIES} keys and items, and a bounded number of documents. Split it into several files.`,
    wrong: '# a file with hundreds of thousands of keys',
    right: task('add'),
    wrongBytes: () => encode(`a:\n${'-\n'.repeat(MAX_YAML_ENTRIES + 1)}`),
  },
  {
    code: 'PIPE-YAML-008',
    severity: 'error',
    title: 'a file has more findings than are told',
    explanation: `Of one file the first ${MAX_FILE_DIAGNOSTICS} findings are told. Correct these and validate again.`,
    wrong: '# a file with hundreds of errors',
    right: task('add'),
    wrongBytes: () => encode(`a: 1\n${'a: 1\n'.repeat(MAX_FILE_DIAGNOSTICS + 1)}`),
  },
  {
    code: 'PIPE-YAML-010',
    severity: 'error',
    title: 'the YAML cannot be parsed',
    explanation:
      'The text breaks a rule of YAML 1.2. The usual causes: a value with `: ` or ` #` inside that needs quotes, a bracket or quote that is not closed, or indentation that does not line up. A value that begins with `{`, `[`, `*`, `&`, `!`, `%`, `@` or a backquote needs quotes.',
    wrong: example('kind: Task', 'metadata: { name: add', 'spec: { run: { command: [sh, add.sh] } }'),
    right: task('add'),
  },
  {
    code: 'PIPE-YAML-011',
    severity: 'error',
    title: 'a key stands twice in one map',
    explanation: 'Which of the two should count is a guess, so neither does. Remove or rename one.',
    wrong: example(
      'kind: Task',
      'metadata: { name: add }',
      'spec:',
      '  run: { command: [sh, add.sh] }',
      '  retries: 1',
      '  retries: 3',
    ),
    right: example(
      'kind: Task',
      'metadata: { name: add }',
      'spec:',
      '  run: { command: [sh, add.sh] }',
      '  retries: 3',
    ),
  },
  {
    code: 'PIPE-YAML-012',
    severity: 'error',
    title: 'anchors and aliases are not read',
    explanation:
      'An alias (`*name`) repeats what an anchor (`&name`) marks, and a few of them make gigabytes out of one line. Write the value out. What several definitions share is a task, used by each.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: &c [sh, add.sh] } }'),
    right: task('add'),
  },
  {
    code: 'PIPE-YAML-013',
    severity: 'error',
    title: 'a tag is not read',
    explanation:
      'Values are what JSON has: text, numbers, booleans, null, lists and maps. Tags for other types (`!!binary`, `!mine`) mean nothing here.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: !mine [sh, add.sh] } }'),
    right: task('add'),
  },
  {
    code: 'PIPE-YAML-014',
    severity: 'error',
    title: 'merge keys are not read',
    explanation: 'The merge key `<<` is not part of YAML 1.2 and hides where a value comes from. Write the keys out.',
    wrong: example(
      'kind: Task',
      'metadata: { name: add }',
      'spec: { <<: { retries: 1 }, run: { command: [sh, add.sh] } }',
    ),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { retries: 1, run: { command: [sh, add.sh] } }'),
  },
  {
    code: 'PIPE-YAML-015',
    severity: 'error',
    title: 'a key is not a string',
    explanation: 'Keys are names: plain or quoted text. Lists, maps and empty keys are refused.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sh, add.sh] }, [retries]: 1 }'),
    right: example('kind: Task', 'metadata: { name: add }', 'spec: { run: { command: [sh, add.sh] }, retries: 1 }'),
  },
  {
    code: 'PIPE-YAML-016',
    severity: 'error',
    title: 'a number cannot be held by JSON',
    explanation:
      'Infinity, not-a-number and numbers past 1.8e308 have no JSON form. Use a finite number, or quote it if it is text.',
    wrong: example(
      'kind: LaunchPlan',
      'metadata: { name: big }',
      'spec: { workflow: w, inputs: { default: { x: 1e400 } } }',
    ),
    right: example(
      'kind: LaunchPlan',
      'metadata: { name: big }',
      'spec: { workflow: w, inputs: { default: { x: 1e40 } } }',
    ),
  },
  {
    code: 'PIPE-YAML-017',
    severity: 'error',
    title: 'a number with leading zeros is ambiguous',
    explanation:
      '`0777` is 777 in YAML 1.2, 511 in YAML 1.1, and a text such as a postal code to people. Write 777, 0o777 or "0777".',
    wrong: example(
      'kind: LaunchPlan',
      'metadata: { name: mode }',
      'spec: { workflow: w, inputs: { default: { mode: 0777 } } }',
    ),
    right: example(
      'kind: LaunchPlan',
      'metadata: { name: mode }',
      'spec: { workflow: w, inputs: { default: { mode: 0o777 } } }',
    ),
  },
  {
    code: 'PIPE-YAML-018',
    severity: 'error',
    title: 'an integer does not fit 64 bits',
    explanation:
      'Integers go from -9223372036854775808 to 9223372036854775807 and are kept exactly. Use a float (`1e30`), or quote it if it is text.',
    wrong: example(
      'kind: LaunchPlan',
      'metadata: { name: big }',
      'spec: { workflow: w, inputs: { default: { x: 9223372036854775808 } } }',
    ),
    right: example(
      'kind: LaunchPlan',
      'metadata: { name: big }',
      'spec: { workflow: w, inputs: { default: { x: 9223372036854775807 } } }',
    ),
  },
  {
    code: 'PIPE-YAML-019',
    severity: 'error',
    title: 'a tab is used as indentation',
    explanation: 'YAML allows only spaces at the start of a line. Set the editor to indent with spaces.',
    wrong: example('kind: Task', 'metadata: { name: add }', 'spec:', '\trun: { command: [sh, add.sh] }'),
    right: example('kind: Task', 'metadata: { name: add }', 'spec:', '  run: { command: [sh, add.sh] }'),
  },
  {
    code: 'PIPE-YAML-020',
    severity: 'error',
    title: 'a YAML directive is not read',
    explanation: 'Definitions are YAML 1.2 without `%TAG`; another version would read the same text differently.',
    wrong: `%YAML 1.1\n---\n${task('add')}`,
    right: `%YAML 1.2\n---\n${task('add')}`,
  },
  {
    code: 'PIPE-YAML-021',
    severity: 'error',
    title: 'a long document is not plain',
    explanation: `Files of up to ${MAX_FULL_PARSE_LENGTH / 1024} KiB may use all of YAML. Of longer ones, documents that are not plain add up to so much at most: plain means block maps and lists, text on one line or below \`|\` or \`>\`, brackets and braces, comments, and spaces between them. So no file can keep the control plane busy for long. Rewrite the line that is told, or split the file.`,
    wrong: '# a document of 100 KB with a text in quotes that goes on in the next line',
    right: example(
      'kind: Task',
      'metadata: { name: add, description: "first second" }',
      'spec: { run: { command: [sh, add.sh] } }',
    ),
    wrongBytes: () =>
      encode(
        `kind: Task\nmetadata:\n  name: add\n  description: "first\n    second"\n${'# long\n'.repeat(MAX_FULL_PARSE_LENGTH / 7)}`,
      ),
  },
];
