const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A day as `Mon 5 Jan`. */
export function dayText(date: string): string {
  const { dayOfWeek, day, month } = Temporal.PlainDate.from(date);
  return `${WEEKDAYS[dayOfWeek - 1]} ${day} ${MONTHS[month - 1]}`;
}

/** `1 tick`, `2,000 ticks`. */
export function counted(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`;
}

/** A count in at most four characters: `950`, `1.2k`, `36k`, `3.6M`. */
export function shortCount(count: number): string {
  if (count < 1_000) return String(count);
  const [size, unit] = count < 999_500 ? [count / 1_000, 'k'] : [count / 1_000_000, 'M'];
  return `${size < 9.95 ? size.toFixed(1).replace('.0', '') : Math.round(size)}${unit}`;
}
