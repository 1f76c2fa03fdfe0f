import type { Walked, WallMinute } from './minute-walker.ts';

const daily = (hour: number, minute: number) => (w: WallMinute) => w.hour === hour && w.minute === minute;
const isWeekday = (w: WallMinute): boolean => w.weekday >= 1 && w.weekday <= 5;

/** The weekday nearest to a day, by looking at the days around it. */
function isNearestWeekday(w: WallMinute, wanted: number): boolean {
  const near = [wanted, wanted - 1, wanted + 1, wanted + 2, wanted - 2];
  const found = near.find((day) => {
    const date = new Date(Date.UTC(w.year, w.month - 1, day));
    return date.getUTCMonth() === w.month - 1 && date.getUTCDay() % 6 !== 0;
  });
  return wanted <= w.length && w.day === found;
}

/** Patterns, and by hand what they mean. */
export const WALKED: readonly Walked[] = [
  { cron: '* * * * *', matches: () => true, isInterval: true },
  { cron: '*/15 * * * *', matches: (w) => w.minute % 15 === 0, isInterval: true },
  { cron: '7/20 * * * *', matches: (w) => w.minute % 20 === 7, isInterval: true },
  { cron: '0 * * * *', matches: (w) => w.minute === 0, isInterval: true },
  { cron: '30 * * * *', matches: (w) => w.minute === 30, isInterval: true },
  { cron: '0 */2 * * *', matches: (w) => w.minute === 0 && w.hour % 2 === 0, isInterval: true },
  { cron: '*/10 2 * * *', matches: (w) => w.hour === 2 && w.minute % 10 === 0, isInterval: true },
  { cron: '5 1-3 * * *', matches: (w) => w.minute === 5 && w.hour >= 1 && w.hour <= 3 },
  { cron: '0 0 * * *', matches: daily(0, 0) },
  { cron: '59 23 * * *', matches: daily(23, 59) },
  { cron: '0 1 * * *', matches: daily(1, 0) },
  { cron: '30 1 * * *', matches: daily(1, 30) },
  { cron: '0 2 * * *', matches: daily(2, 0) },
  { cron: '30 2 * * *', matches: daily(2, 30) },
  { cron: '0 3 * * *', matches: daily(3, 0) },
  { cron: '15,45 2 * * *', matches: (w) => w.hour === 2 && (w.minute === 15 || w.minute === 45) },
  { cron: '0 2,3 * * *', matches: (w) => w.minute === 0 && (w.hour === 2 || w.hour === 3) },
  { cron: '0 22-2 * * *', matches: (w) => w.minute === 0 && (w.hour >= 22 || w.hour <= 2) },
  { cron: '30 0 * * sun', matches: (w) => daily(0, 30)(w) && w.weekday === 0 },
  { cron: '30 2 * * mon-fri', matches: (w) => daily(2, 30)(w) && isWeekday(w) },
  { cron: '0 2 L * *', matches: (w) => daily(2, 0)(w) && w.day === w.length },
  { cron: '0 2 L-2 * *', matches: (w) => daily(2, 0)(w) && w.day === w.length - 2 },
  { cron: '30 2 LW * *', matches: (w) => daily(2, 30)(w) && isNearestWeekday(w, w.length) },
  { cron: '30 2 1W * *', matches: (w) => daily(2, 30)(w) && isNearestWeekday(w, 1) },
  { cron: '30 1 15W * *', matches: (w) => daily(1, 30)(w) && isNearestWeekday(w, 15) },
  { cron: '0 2 * * sunL', matches: (w) => daily(2, 0)(w) && w.weekday === 0 && w.day > w.length - 7 },
  { cron: '30 1 * * 0#1', matches: (w) => daily(1, 30)(w) && w.weekday === 0 && w.day <= 7 },
  { cron: '0 3 * * sun#2', matches: (w) => daily(3, 0)(w) && w.weekday === 0 && w.day > 7 && w.day <= 14 },
  { cron: '0 4 13 * fri', matches: (w) => daily(4, 0)(w) && (w.day === 13 || w.weekday === 5) },
  { cron: '0 0 1 */3 *', matches: (w) => daily(0, 0)(w) && w.day === 1 && w.month % 3 === 1 },
  { cron: '45 1 * 3,10 *', matches: (w) => daily(1, 45)(w) && (w.month === 3 || w.month === 10) },
  { cron: '0 12 31 * *', matches: (w) => daily(12, 0)(w) && w.day === 31 },
];

/** Zones with everything that clocks do: half hours, two hours, a day left out, Ramadan, offsets for good, none at all. */
export const WALKED_ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'Europe/Istanbul',
  'Europe/Volgograd',
  'America/New_York',
  'America/St_Johns',
  'America/Caracas',
  'America/Sao_Paulo',
  'America/Scoresbysund',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Gaza',
  'Asia/Kathmandu',
  'Asia/Pyongyang',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Norfolk',
  'Antarctica/Casey',
  'Antarctica/Troll',
] as const;
