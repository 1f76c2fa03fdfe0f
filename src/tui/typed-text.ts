import { MAX_TYPED_LENGTH } from '../base/index.ts';
import type { KeyName } from './keys.ts';
import { clean } from './line.ts';

/** What a typed text becomes by a key; undefined: the key does not edit. */
export function typed(text: string, key: KeyName): string | undefined {
  switch (key) {
    case 'backspace':
    case 'ctrl-h':
      return [...text].slice(0, -1).join('');
    case 'ctrl-u':
      return '';
    case 'ctrl-w':
      return text.replace(/\S+\s*$/, '');
    case 'space':
      return bounded(`${text} `);
    default:
      return [...key].length === 1 ? bounded(text + key) : undefined;
  }
}

/** What is pasted goes in as one line. */
export function pasted(text: string, paste: string): string {
  return bounded(text + clean(paste.replace(/[\r\n\t]+/g, ' ')));
}

function bounded(text: string): string {
  return text.slice(0, MAX_TYPED_LENGTH);
}
