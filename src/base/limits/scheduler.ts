/** Bounds of the scheduler's loop. Times in milliseconds. */

/** A tick older than this was missed, and catch-up policy decides; a younger one is late and always runs. */
export const MISSED_AFTER_MS = 60_000;
/** Ticks of one schedule caught up at most, whatever its own limit says. */
export const MAX_CATCH_UP_TICKS = 10_000;
/** The scheduler looks at the clock at least so often, because a clock may be set or a machine may sleep. */
export const MAX_TIMER_MS = 30_000;

/** Ticks that one write makes durable: more of them delay the first, fewer cost a sync of the disk and a turn of others each. */
export const MAX_TICKS_PER_WRITE = 5_000;
/** The writes of ticks are put together so long before they are due, so many at most (about 1 KB each, most of it what the store keeps of the execution), so many in one turn. */
export const TICKS_AHEAD_MS = 5_000;
export const MAX_TICKS_AHEAD = 100_000;
export const TICKS_PER_LOOK_AHEAD = 500;
/** Schedules whose next tick is looked for in one turn of the event loop. */
export const SCHEDULES_PER_TURN = 10_000;
/** Missed ticks that are made up for in a second where the platform says nothing. */
export const CATCH_UP_TICKS_PER_SECOND = 10_000;
/** Spans of missed ticks that wait to be made up for; past it the last two become one. */
export const MAX_CATCH_UP_SPANS = 16;
/** Ticks of one schedule that is behind, in one write: others come in between. */
export const MAX_TICKS_PER_LAGGARD = 100;

/** A schedule that cannot start its executions is tried again after this, and after twice as long each time up to the last. */
export const SCHEDULE_RETRY_MS = 30_000;
export const MAX_SCHEDULE_RETRY_MS = 600_000;
/** A write that the cluster did not take is tried again after this, growing in the same way. */
export const TICK_WRITE_RETRY_MS = 100;
export const MAX_TICK_WRITE_RETRY_MS = 10_000;
/** Ends that a scheduler before left undone are written again so often; the next tick of the schedule asks for them as well. */
export const UNFINISHED_REPLACEMENT_TRIES = 20;
/** A schedule that changed so shortly before what is settled, or before all had been heard of, is looked at from its change on: names keep ticks single. */
export const SCHEDULE_CHANGE_SLACK_MS = 60_000;

/** What people see of schedules is written at most so often, so many at a time: a hundredth of a core however many tick. */
export const SCHEDULE_STATUS_EVERY_MS = 1_000;
export const SCHEDULE_STATUS_PER_WRITE = 50;
/** Schedules whose news wait to be written; past it news of others are left out until they tick again. */
export const MAX_WAITING_SCHEDULE_STATUS = 100_000;
/** Texts of rules and of what schedules start that are shared between schedules. */
export const MAX_SHARED_RULES = 10_000;
/** Reads at a time when a batch of names turns out to be partly taken. */
export const TAKEN_NAMES_AT_A_TIME = 100;
/** Whose state another scheduler took, though it leads, takes it back after a random part of this. */
export const REPLACED_PAUSE_MS = 1_000;
