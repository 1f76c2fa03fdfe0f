import { quickAnswer } from './quick-answer.ts';

const argv = process.argv.slice(2);
const answer = quickAnswer(argv, process.stdout.columns);
if (answer !== undefined) {
  // A reader that went away (`pipectl --help | head -1`) has read enough.
  process.stdout.on('error', () => {});
  process.stdout.write(answer);
} else {
  // Not awaited here: a module that waits cannot be required.
  void import('./run-process.ts').then(({ runProcess }) => runProcess());
}
