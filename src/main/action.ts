/**
 * The GitHub Action's entry point. GitHub's runners have a Node without Temporal; it is added before anything that uses it is
 * loaded, and only there.
 */
if (!('Temporal' in globalThis)) await import('temporal-polyfill/global');
const { runAction } = await import('./action/run-action.ts');

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

process.exitCode = await runAction({
  env: process.env,
  write: (text) => void process.stdout.write(text),
  now: () => Date.now(),
  signal: stopping.signal,
});
