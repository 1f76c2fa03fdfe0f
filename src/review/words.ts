import type { InterfaceBreak } from '../compiler/index.ts';

/** What an interface no longer does, to stand behind its name. */
export function breakText({ kind, name, before, after }: InterfaceBreak): string {
  switch (kind) {
    case 'entityRemoved':
      return 'is removed';
    case 'inputRemoved':
      return `no longer takes the input "${name}" (${before})`;
    case 'inputRequired':
      return before === undefined
        ? `wants a new input "${name}" (${after})`
        : `wants the input "${name}" (${after}), which had a default`;
    case 'inputNarrowed':
      return `takes less as input "${name}": ${before} → ${after}`;
    case 'inputType':
      return `takes another type as input "${name}": ${before} → ${after}`;
    case 'outputRemoved':
      return `no longer gives the output "${name}" (${before})`;
    case 'outputType':
      return `gives another type as output "${name}": ${before} → ${after}`;
  }
}

/** `LaunchPlan` → `launch plan`. */
export function kindWords(kind: string): string {
  return kind.replace(/(?!^)[A-Z]/g, ' $&').toLowerCase();
}

/** `1 launch plan`, `2,000 policies`. */
export function countOf(count: number, word: string): string {
  return `${numberText(count)} ${count === 1 ? word : pluralOf(word)}`;
}

function pluralOf(word: string): string {
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** `12,345`, `0.5`, `12.3`: as many digits as say something. */
export function numberText(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return trimmed(value.toFixed(digits)).replace(/\B(?=(\d{3})+(?!\d))/g, (_none, _group, at: number, whole: string) => {
    const point = whole.indexOf('.');
    return point >= 0 && at > point ? '' : ',';
  });
}

function trimmed(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** `+212`, `−3`, `±0`. */
export function deltaText(value: number): string {
  const text = numberText(Math.abs(value));
  if (text === '0') return '±0';
  return `${value < 0 ? '−' : '+'}${text}`;
}
