import type { UnixMs } from '../base/index.ts';

/** Time from an RFC 3339 timestamp to `now` as kubectl prints it; `<unknown>` without a readable timestamp. */
export function age(timestamp: string | undefined, now: UnixMs): string {
  const at = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(at) ? '<unknown>' : humanDuration(now - at);
}

/**
 * Milliseconds in at most two units, for example `45s`, `3m20s`, `47m`, `5h12m`, `3d4h`, `2y31d`.
 * The steps are those of Kubernetes' `duration.HumanDuration`, so that our tables read like kubectl's.
 */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return units(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return units(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return units(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? units(years, 'y', days % 365, 'd') : `${years}y`;
}

function units(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major}${majorUnit}` : `${major}${majorUnit}${minor}${minorUnit}`;
}
