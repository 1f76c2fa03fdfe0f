import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openActionBench } from '../test/main/action-runner.ts';
import { base, change } from './action-demo-project.ts';
import { commentPage } from './comment-page.ts';

/**
 * Shows the GitHub Action at work: makes a real git repository with a base and a head, runs the action's entry point as a
 * runner does, beside a server that behaves as GitHub's, and prints the annotations, the summary and the comment.
 *
 *   npm run demo:action
 *   npm run demo:action -- --page comment.html    writes the comment as a page
 */
const { values } = parseArgs({ options: { page: { type: 'string' }, dark: { type: 'boolean', default: false } } });
const bench = await openActionBench();
try {
  bench.commit('main', base());
  bench.commit('change', change());
  const { head } = bench.offer();
  const step = await bench.step({ inputs: { 'fail-on': 'error' } });
  const [comment] = bench.server.state.comments;
  const log = step.log.replaceAll(/^::add-mask::.*\n/gm, '');
  const outputs = Object.entries(step.outputs).map(([name, value]) => `${name}=${value}\n`);
  part('Log, with its annotations', log + step.errors);
  part('Outputs', outputs.join(''));
  part('Summary of the job', step.summary);
  part(`Comment of pull request 7, head ${head.slice(0, 7)}`, comment?.body ?? 'none');
  process.stdout.write(`\nThe action ended with ${step.code}.\n`);
  if (values.page !== undefined) writeFileSync(values.page, commentPage(comment?.body ?? '', { isDark: values.dark }));
} finally {
  await bench.close();
}

function part(title: string, text: string): void {
  process.stdout.write(`\n=== ${title} ===\n\n${text}`);
}
