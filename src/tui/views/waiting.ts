import type { Content } from '../content.ts';
import { span } from '../line.ts';

/** A place before anybody is found to ask. */
export const WAITING: Content = {
  kind: 'text',
  facts: [],
  count: 0,
  line: () => [],
  note: [span('loading…', 'dim')],
};
