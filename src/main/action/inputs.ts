import { StalledError } from '../../base/index.ts';
import { parseDuration } from '../../language/index.ts';
import { type FindingLevel, isAtLeast, type Report } from '../../review/index.ts';
import type { ActionWorld } from './world.ts';

/** What `action.yml` documents. */
export interface ActionInputs {
  readonly mode: 'review' | 'register';
  readonly token: string;
  /** Folder of `pipectl.yaml` in the repository, without a slash at its ends; '' is the root. */
  readonly path: string;
  readonly domains: readonly string[];
  readonly failOn: FindingLevel | 'never';
  readonly comment: boolean;
  readonly annotations: boolean;
  readonly check: 'auto' | 'always' | 'never';
  readonly sarif: boolean;
  /** A file of executions. */
  readonly history: string | undefined;
  readonly controller: ControllerInputs;
}

/** Where the control plane is, for `mode: register`. */
export interface ControllerInputs {
  readonly url: string;
  readonly repository: string;
  readonly webhookSecret: string;
  /** Absent: nobody waits for the sync. */
  readonly token: string | undefined;
  /** Certificates to trust, as PEM. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
}

/** Reads the inputs of the step. Errors: StalledError InvalidInput. */
export function readInputs({ env }: Pick<ActionWorld, 'env'>): ActionInputs {
  const text = (name: string): string => env[`INPUT_${name.toUpperCase()}`]?.trim() ?? '';
  const oneOf = <T extends string>(name: string, words: readonly [T, ...T[]]): T => {
    const value = text(name) === '' ? words[0] : words.find((word) => word === text(name));
    if (value === undefined) throw invalid(name, text(name), `one of ${words.join(', ')}`);
    return value;
  };
  const isOn = (name: string, byDefault: 'true' | 'false'): boolean => {
    return oneOf(name, byDefault === 'true' ? ['true', 'false'] : ['false', 'true']) === 'true';
  };
  return {
    mode: oneOf('mode', ['review', 'register']),
    token: text('github-token'),
    path: pathOf(text('path')),
    domains: text('domain')
      .split(/[\s,]+/)
      .filter((name) => name !== ''),
    failOn: oneOf('fail-on', ['error', 'warning', 'notice', 'never']),
    comment: isOn('comment', 'true'),
    annotations: isOn('annotations', 'true'),
    check: oneOf('check', ['auto', 'always', 'never']),
    sarif: isOn('sarif', 'false'),
    history: text('history') === '' ? undefined : text('history'),
    controller: {
      url: text('controller-url').replace(/\/+$/, ''),
      repository: text('controller-repository') || (env.GITHUB_REPOSITORY?.split('/')[1] ?? ''),
      webhookSecret: text('webhook-secret'),
      token: text('controller-token') || undefined,
      ca: text('controller-ca') || undefined,
      timeoutMs: durationOf('timeout', text('timeout') || '10m'),
    },
  };
}

/** Whether the report has a finding at or above `fail-on`. */
export function isFailed({ findings }: Report, { failOn }: ActionInputs): boolean {
  return failOn !== 'never' && findings.some((finding) => isAtLeast(finding, failOn));
}

function pathOf(text: string): string {
  const path = text.replace(/^(?:\.\/)+|^\.$|\/+$/g, '');
  if (path.startsWith('/') || path.split('/').includes('..')) throw invalid('path', text, 'a folder of the repository');
  return path;
}

function durationOf(name: string, text: string): number {
  const parsed = parseDuration(text);
  if (parsed.kind === 'ok') return parsed.ms;
  throw invalid(name, text, 'a duration, for example 90s or 10m');
}

function invalid(name: string, value: string, wanted: string): StalledError {
  return new StalledError('InvalidInput', `input ${name}: "${value.slice(0, 100)}" is not ${wanted}`);
}
