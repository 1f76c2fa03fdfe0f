import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/index.ts';
import { DIAGNOSTIC_CODES, formatDiagnostics, withFixes } from '../../../src/language/index.ts';
import { at, finding, SHAPES, span } from './findings.ts';
import { SARIF_SHAPE } from './sarif-shape.ts';

const isSarif = new Ajv2020({ strict: false }).compile(SARIF_SHAPE as object);
const sarif = (findings: readonly Diagnostic[], files: readonly string[] = []) =>
  JSON.parse(formatDiagnostics(findings, 'sarif', { color: false, files, version: '1.2.3' }));
const junit = (findings: readonly Diagnostic[], files: readonly string[] = []) =>
  formatDiagnostics(findings, 'junit', { color: false, files });

const hostileText = fc.string({ unit: 'binary', maxLength: 40 });
const hostileFinding = fc
  .record({
    file: hostileText,
    message: hostileText,
    help: hostileText,
    label: hostileText,
    line: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ file, message, help, label, line }) =>
    finding('PIPE-REF-001', message, {
      span: span(file, line, 2, 4),
      frame: message,
      help,
      related: [{ message: label, span: span(file, line, 1, 2) }],
    }),
  );

describe('sarif', () => {
  it('has the shape of the standard, whatever the findings', () => {
    const all = withFixes(Object.values(SHAPES).flat());
    expect([isSarif(sarif(all, ['a.yaml', 'ä b/%.yaml'])), isSarif.errors]).toEqual([true, null]);
    fc.assert(
      fc.property(fc.array(hostileFinding, { maxLength: 3 }), (findings) => {
        expect([isSarif(sarif(findings)), isSarif.errors]).toEqual([true, null]);
      }),
      { numRuns: 100 },
    );
  });

  it('has a rule with help and examples for every code', () => {
    const findings = DIAGNOSTIC_CODES.map(({ code }) => finding(code, 'x'));
    const [run] = sarif(findings).runs;
    expect(run.tool.driver).toMatchObject({ name: 'pipectl', version: '1.2.3' });
    expect(
      run.results.map((each: { ruleId: string; ruleIndex: number }) => run.tool.driver.rules[each.ruleIndex].id),
    ).toEqual(run.results.map((each: { ruleId: string }) => each.ruleId));
    for (const rule of run.tool.driver.rules) expect(rule.help.markdown).toContain('**Right**\n\n```');
    expect([isSarif(sarif(findings)), isSarif.errors]).toEqual([true, null]);
  });

  it('gives regions in UTF-16 units, related places and fixes', () => {
    const [run] = sarif(withFixes(SHAPES['another file']!)).runs;
    expect(run.columnKind).toBe('utf16CodeUnits');
    expect(run.results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'pipelines/etl.yaml', uriBaseId: 'PROJECTROOT' },
      region: { startLine: 112, startColumn: 13, endLine: 112, endColumn: 20, snippet: { text: 'add-tow' } },
    });
    expect(run.results[0].relatedLocations[0]).toMatchObject({ id: 1, message: { text: 'declared here' } });
    expect(run.results[0].fixes).toEqual([
      {
        description: { text: 'replace "add-tow" by "add-two"' },
        artifactChanges: [
          {
            artifactLocation: { uri: 'pipelines/etl.yaml', uriBaseId: 'PROJECTROOT' },
            replacements: [
              {
                deletedRegion: { startLine: 112, startColumn: 13, endLine: 112, endColumn: 20 },
                insertedContent: { text: 'add-two' },
              },
            ],
          },
        ],
      },
    ]);
  });

  it('puts a finding about no file at the project document, and tells of the files without findings', () => {
    const [run] = sarif([finding('PIPE-PROJ-001', 'x')], ['b.yaml', 'a.yaml']).runs;
    expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('pipectl.yaml');
    expect(run.artifacts.map((each: { location: { uri: string } }) => each.location.uri)).toEqual(['a.yaml', 'b.yaml']);
  });
});

describe('junit', () => {
  it('has a suite for each file, and a case for each finding', () => {
    const warning = finding('PIPE-LINT-001', 'not <b>pinned</b> & "so"', {
      severity: 'warning',
      ...at('a.yaml', 2, 'image: x', 'x'),
    });
    expect(
      junit([...SHAPES['another file']!, warning], ['pipelines/etl.yaml', 'a.yaml', 'clean.yaml']),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="pipectl validate" tests="3" failures="1" errors="0">
  <testsuite name="a.yaml" tests="1" failures="0" errors="0" skipped="0">
    <testcase name="PIPE-LINT-001 2:8 not &lt;b&gt;pinned&lt;/b&gt; &amp; &quot;so&quot;" classname="a.yaml" file="a.yaml" line="2">
      <system-out>warning: a.yaml:2:8: not &lt;b&gt;pinned&lt;/b&gt; &amp; &quot;so&quot;</system-out>
    </testcase>
  </testsuite>
  <testsuite name="clean.yaml" tests="1" failures="0" errors="0" skipped="0">
    <testcase name="valid" classname="clean.yaml"/>
  </testsuite>
  <testsuite name="pipelines/etl.yaml" tests="1" failures="1" errors="0" skipped="0">
    <testcase name="PIPE-REF-001 112:13 there is no task &quot;add-tow&quot; in this commit" classname="pipelines/etl.yaml" file="pipelines/etl.yaml" line="112">
      <failure type="PIPE-REF-001" message="there is no task &quot;add-tow&quot; in this commit">pipelines/etl.yaml:112:13: there is no task &quot;add-tow&quot; in this commit&#10;pipelines/tasks.yaml:3:19: declared here&#10;help: did you mean &quot;add-two&quot;?</failure>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  it('holds nothing that XML 1.0 does not allow, and no mark-up of others', () => {
    fc.assert(
      fc.property(hostileFinding, (hostile) => {
        const text = junit([hostile]);
        expect(text).not.toMatch(/[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
        expect(
          text.replace(
            /<\/?(?:testsuites?|testcase|failure|\?xml)(?: [a-z]+="[^"<>&]*(?:&(?:amp|lt|gt|quot|#10);[^"<>&]*)*")*\/?\??>/g,
            '',
          ),
        ).not.toMatch(/[<>]/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('json and github', () => {
  it('hold no character that a terminal obeys', () => {
    fc.assert(
      fc.property(hostileFinding, (hostile) => {
        for (const format of ['json', 'github', 'pretty', 'sarif'] as const) {
          const text = formatDiagnostics([hostile], format, { color: false });
          expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_C}\u2028\u2029]/u);
        }
        expect(formatDiagnostics([hostile], 'github', { color: false }).split('\n')).toHaveLength(2);
      }),
      { numRuns: 200 },
    );
  });
});
