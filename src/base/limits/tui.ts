/** Bounds of the full-screen terminal. Counts unless a unit is named. */

/** Executions held as rows, some 500 bytes each; those that come when there are so many are counted only. */
export const MAX_LIVE_ROWS = 250_000;
/** Of those in the archive the last so many are listed; `get --limit` finds the others. */
export const MAX_ARCHIVED_ROWS = 500;
/** Objects of one other kind that are held whole. */
export const MAX_LIVE_OBJECTS = 5_000;
/** Different texts of rows that are kept once for all rows. */
export const MAX_SHARED_TEXTS = 50_000;
/** Lines of one log or answer that are held; older ones are let go. */
export const MAX_SCREEN_LINES = 50_000;
/** UTF-16 code units of a line that is shown; what is longer is cut. */
export const MAX_SCREEN_LINE_LENGTH = 4_000;
/** Places that Esc leads back through. */
export const MAX_BREADCRUMBS = 20;
/** UTF-16 code units of what a person types into one field. */
export const MAX_TYPED_LENGTH = 4_000;
/** Samples behind a sparkline. */
export const MAX_SAMPLES = 60;
/** A config file of the terminal, in bytes. */
export const MAX_TUI_CONFIG_BYTES = 64 * 1024;
/** UTF-16 code units of what one command prints that are kept to be shown. */
export const MAX_CAUGHT_TEXT = 8 * 1024 * 1024;
/** Lanes of a graph that are drawn side by side; what stands further to the right is cut. */
export const MAX_GRAPH_LANES = 16;
