/** What each field of a cron expression takes. */
export interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Values before the field starts again. */
  readonly size: number;
  readonly names: ReadonlyMap<string, number>;
  readonly dayForms?: 'month' | 'week';
  /** Whether a range may run around the end. */
  readonly wraps: boolean;
}

const NO_NAMES: ReadonlyMap<string, number> = new Map();
const MONTH_NAMES = names('jan feb mar apr may jun jul aug sep oct nov dec', 1);
const DAY_NAMES = names('sun mon tue wed thu fri sat', 0);

/** In the order of a six-field expression; five-field ones lack the first. */
export const FIELDS: readonly FieldRule[] = [
  { name: 'second', min: 0, max: 59, size: 60, names: NO_NAMES, wraps: true },
  { name: 'minute', min: 0, max: 59, size: 60, names: NO_NAMES, wraps: true },
  { name: 'hour', min: 0, max: 23, size: 24, names: NO_NAMES, wraps: true },
  { name: 'day of month', min: 1, max: 31, size: 31, names: NO_NAMES, dayForms: 'month', wraps: false },
  { name: 'month', min: 1, max: 12, size: 12, names: MONTH_NAMES, wraps: false },
  { name: 'day of week', min: 0, max: 7, size: 7, names: DAY_NAMES, dayForms: 'week', wraps: true },
];

/** Nicknames of crontab(5). `@reboot` is missing: a schedule here knows no reboot. */
export const MACROS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

function names(list: string, from: number): ReadonlyMap<string, number> {
  return new Map(list.split(' ').map((name, i) => [name, from + i]));
}
