/**
 * What people see of time: the next ticks of a schedule, and the load of a week as a heat map, in words and as a picture.
 * Owns view models over the calendar's rules; whether they come from a checkout or a control plane makes no difference.
 * Must not read a clock.
 */

export { calendarPicture } from './picture.ts';
export { type PreviewedTick, previewTicks, ruleWords, zonedText } from './preview.ts';
export { type PlannedSchedule, plannedSchedule, schedulesOfClosures, schedulesOfCluster } from './schedules.ts';
export { type BusyHour, type CalendarWeek, calendarWeek, HOURS, levelBounds, levelOf } from './week.ts';
export { counted, dayText, shortCount } from './week-text.ts';
