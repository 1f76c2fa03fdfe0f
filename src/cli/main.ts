import { quickAnswer } from './quick-answer.ts';

const argv = process.argv.slice(2);
const answer = quickAnswer(argv, process.stdout.columns);
if (answer !== undefined) {
  // A reader that went away (`pipectl --help | head -1`) has read enough.
  process.stdout.on('error', () => {});
  process.stdout.write(answer);
} else if (argv.length === 1 && argv[0] === 'validate') {
  const { validateFirst } = await import('./validate-first.ts');
  await validateFirst();
} else {
  const { runProcess } = await import('./run-process.ts');
  await runProcess();
}
