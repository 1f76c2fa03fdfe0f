/**
 * review: base × head → one report of what a change means: when it will run, what breaks, who must agree. Pictures of it are
 * pure functions of the report.
 * Owns the comparison of schedules and load, findings of its own, and the escaping of what strangers wrote.
 * Must not read files, git or a clock: commits, history, owners and the time of the merge come in.
 * Keeps: the report is plain JSON, and all pictures tell the same; no name or message becomes markup, a mention or a command.
 */
export { APPROVERS_ANNOTATION } from './approvals.ts';
export { CODEOWNERS_PATHS } from './code-owners.ts';
export { fieldText, pathText } from './field-text.ts';
export { isAtLeast } from './findings.ts';
export { durationsOf, type FinishedRun, type Histories, historyIn } from './history.ts';
export type { DomainInput, History, PlanDurations, ReviewInput, ReviewSide, ScheduleFacts } from './input.ts';
export { type DiffLine, diffLines } from './line-diff.ts';
export { spanText } from './overlap.ts';
export { toCodeQuality } from './render/code-quality.ts';
export { codeText, fencedText, inlineText, jsonWithoutCommands, withoutCommands } from './render/escape.ts';
export { heatRows } from './render/heat.ts';
export { type MarkdownOptions, REVIEW_MARKER, renderMarkdown } from './render/markdown.ts';
export { findingsTable } from './render/markdown-asks.ts';
export { toSarif } from './render/sarif.ts';
export type * from './report.ts';
export { REPORT_VERSION } from './report.ts';
export { review } from './review.ts';
export { startCounts } from './start-counts.ts';
export { breakText, countOf, deltaText, kindWords, numberText } from './words.ts';
