import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_STEP_SUMMARY_BYTES } from '../../base/index.ts';
import { type Annotation, annotationCommands, annotationsOf } from '../../hosts/index.ts';
import {
  findingsTable,
  jsonWithoutCommands,
  REVIEW_MARKER,
  type Report,
  renderMarkdown,
  toSarif,
} from '../../review/index.ts';
import { VERSION } from '../version.ts';
import { type ActionWorld, addSummary } from './world.ts';

/** Annotations by the log, as many as the runner shows; gives those that it would not. */
export function tellInLog(world: ActionWorld, findings: Report['findings']): readonly Annotation[] {
  const { lines, rest } = annotationCommands(annotationsOf(findings));
  for (const line of lines) world.write(`${line}\n`);
  return rest;
}

/** The whole report, and every finding where the log has not room for all. */
export function tellInSummary(world: ActionWorld, report: Report, listsFindings: boolean): void {
  let text = summaryOf(report, listsFindings ? report.findings.length : 0, MAX_STEP_SUMMARY_BYTES);
  // Bytes count, and nobody knows how many a character takes: less is written until it fits.
  for (let part = 1; Buffer.byteLength(text) > MAX_STEP_SUMMARY_BYTES && part < 16; part *= 2) {
    text = summaryOf(report, Math.floor(MAX_SUMMARY_FINDINGS / part), Math.floor(MAX_STEP_SUMMARY_BYTES / (2 * part)));
  }
  addSummary(world, text);
}

const MAX_SUMMARY_FINDINGS = 1_000;

function summaryOf(report: Report, findings: number, limit: number): string {
  const text = renderMarkdown(report, { limit }).slice(REVIEW_MARKER.length).trimStart();
  if (findings === 0) return text;
  return `${text}\n#### All findings\n\n${findingsTable(report.findings, Math.min(findings, MAX_SUMMARY_FINDINGS))}\n`;
}

/** The report as files, for steps that come after this one. */
export function writeReports({ env }: ActionWorld, report: Report): Readonly<Record<string, string>> {
  const scratch = env.RUNNER_TEMP ?? tmpdir();
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, 'pipectl-review-'));
  const files = {
    'report-path': join(folder, 'report.json'),
    'markdown-path': join(folder, 'review.md'),
    'sarif-path': join(folder, 'review.sarif'),
  };
  writeFileSync(files['report-path'], jsonWithoutCommands(`${JSON.stringify(report, null, 2)}\n`));
  writeFileSync(files['markdown-path'], renderMarkdown(report));
  writeFileSync(files['sarif-path'], toSarif(report, VERSION));
  return files;
}
