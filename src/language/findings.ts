import { type Diagnostic, MAX_FILE_DIAGNOSTICS } from '../base/index.ts';
import { severityOf } from './diagnostics/table.ts';
import type { Place } from './document.ts';

/** Collects the diagnostics of one file, at most MAX_FILE_DIAGNOSTICS; the places of the rest are never computed. */
export interface Findings {
  readonly add: (code: string, message: string, place: () => Place, help?: string) => void;
  readonly list: () => readonly Diagnostic[];
  /** Whether there are more than are told, so that it is not worth to look for others. */
  readonly isFull: () => boolean;
}

export function collectFindings(path: string): Findings {
  const found: Diagnostic[] = [];
  let left = 0;
  const add: Findings['add'] = (code, message, place, help) => {
    if (found.length >= MAX_FILE_DIAGNOSTICS) left++;
    else found.push({ code, severity: severityOf(code), message, ...place(), ...(help !== undefined && { help }) });
  };
  const list = (): readonly Diagnostic[] => {
    if (left === 0) return found;
    const message = `${path} has ${left} more findings; these are the first ${MAX_FILE_DIAGNOSTICS}`;
    return [...found, { code: 'PIPE-YAML-008', severity: severityOf('PIPE-YAML-008'), message }];
  };
  return { add, list, isFull: () => left > 0 };
}
