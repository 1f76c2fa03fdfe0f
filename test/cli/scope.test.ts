import { describe, expect, it } from 'vitest';
import { kindOf } from '../../src/cli/scope.ts';

describe('the kind of a word', () => {
  it.each([
    ['executions', 'Execution'],
    ['Execution', 'Execution'],
    ['execution.pipectl.dev', 'Execution'],
    ['workflows.pipectl.dev', 'Workflow'],
    ['repos', 'Repository'],
    ['pods', 'Pod'],
  ])('%s is %s', (word, kind) => {
    expect(kindOf(word).kind).toBe(kind);
  });

  it.each([
    ['executions.example.com', 'did you mean'],
    ['exections', 'did you mean "executions"?'],
    ['nothing-like-it', 'one of '],
  ])('%s is none', (word, hint) => {
    expect(() => kindOf(word)).toThrow(expect.objectContaining({ message: `there is no kind "${word}"` }));
    expect(() => kindOf(word)).toThrow(expect.objectContaining({ help: expect.stringContaining(hint) }));
  });
});
