/** Bounds of the review of a change. */

/** Ticks of a changed schedule that are listed, before and after, and of those that come or go. */
export const REVIEW_TICKS = 10;
/** Ticks of one changed schedule that are compared one by one; of those that tick more often only counts are told. */
export const MAX_COMPARED_TICKS = 20_000;
/** Ticks of all changed schedules together that are compared, and that a suggested spread is tried out with. */
export const MAX_REVIEWED_TICKS = 1_000_000;
/** Domains that one report tells of beside its own. */
export const MAX_REVIEWED_DOMAINS = 10;
/** Changes of a zone's clocks that are told, and local times of each. */
export const REVIEW_CLOCK_CHANGES = 2;
export const MAX_CLOCK_TIMES = 12;
/** Days of the histogram, and of the year from which runs per week are an average: whole weeks. */
export const REVIEW_LOAD_DAYS = 7;
export const REVIEW_YEAR_DAYS = 364;
/** Ticks of one schedule that are counted in a year: past them its year is like its week. */
export const MAX_YEAR_TICKS = 100_000;
/** Ticks of one schedule in a week: one each second. */
export const MAX_WEEK_TICKS = 7 * 86_400;
/** Schedules that a busy moment names. */
export const MAX_NAMED_SCHEDULES = 5;
/** Executions of one launch plan in a history, the newest, and launch plans of it. */
export const MAX_HISTORY_RUNS = 10_000;
export const MAX_HISTORY_PLANS = 100_000;
/** Days of a history that a control plane is asked for, and executions of one namespace that it is made of, the newest. */
export const HISTORY_DAYS = 30;
export const MAX_SERVER_HISTORY_RUNS = 50_000;
/** A file of executions that a review reads. */
export const MAX_HISTORY_BYTES = 256 * 1024 * 1024;
/** A CODEOWNERS file: GitHub's own limit, docs.github.com/repositories, "CODEOWNERS file size". */
export const MAX_CODEOWNERS_BYTES = 3 * 1024 * 1024;
/** Files that differ and whose owners are looked for. */
export const MAX_REVIEWED_FILES = 20_000;
/** Workflows whose graphs are drawn, and nodes of each. */
export const MAX_REVIEW_GRAPHS = 5;
export const MAX_GRAPH_NODES = 150;
/** Characters of a comment on GitHub; a longer one is refused with 422. */
export const MAX_COMMENT_CHARACTERS = 65_536;
/** Rows of a table and lines of a block of the Markdown; what is more is counted. */
export const MAX_REVIEW_ROWS = 25;
export const MAX_REVIEW_LINES = 120;
/** Characters of one value in the Markdown. */
export const MAX_REVIEW_VALUE = 300;
/** Results of one SARIF file that GitHub shows; a file of more than 25,000 is refused. */
export const MAX_SARIF_RESULTS = 5_000;
/** Time and memory of the thread in which a control plane reviews one pull request of a stranger. */
export const MAX_REVIEW_MS = 120_000;
export const MAX_REVIEW_HEAP_MB = 1_024;
/** Pull requests of one repository that are reviewed, those with the highest numbers, and reviews of all at a time. */
export const MAX_REVIEWED_PULL_REQUESTS = 100;
export const MAX_REVIEWS_AT_ONCE = 2;
/** How long durations of a namespace are used before they are asked for again. */
export const REVIEW_HISTORY_MS = 600_000;
/** Characters of a verdict that a status keeps. */
export const MAX_VERDICT_LENGTH = 300;
