import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { svgText } from '../../../src/client/graph/index.ts';
import { PHASE_LOOKS } from '../../../src/client/graph/looks.ts';
import { chainOf, hostileDrawing } from './drawings.ts';

const ELEMENTS = new Set(['svg', 'title', 'desc', 'style', 'rect', 'g', 'path', 'text']);

/** What keeps a text from being well-formed XML of harmless elements; undefined when nothing does. */
function xmlFault(text: string): string | undefined {
  const open: string[] = [];
  const token =
    /<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<&]*(?:&[a-z#0-9]+;[^"<&]*)*")*)(\/?)>|[^<&]+|&(?:amp|lt|gt|quot|#39);/y;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (found === null) return `at ${JSON.stringify(text.slice(at, at + 40))}`;
    const [, isEnd, name, attributes = '', isEmpty] = found;
    if (name === undefined) continue;
    if (!ELEMENTS.has(name)) return `element ${name}`;
    if (/ (on\w+|href|xlink:href)=/.test(attributes.replace(/"[^"]*"/g, ''))) return `attributes ${attributes}`;
    if (isEnd === '/' && open.pop() !== name) return `end of ${name}`;
    if (isEnd === '' && isEmpty === '') open.push(name);
  }
  if (/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) return 'characters';
  return open.length === 0 ? undefined : `open ${open.join()}`;
}

describe('svgText', () => {
  it('is well-formed and harmless, whatever names hold', () => {
    fc.assert(
      fc.property(hostileDrawing, (drawing) => {
        expect(xmlFault(svgText(drawing)!)).toBeUndefined();
      }),
    );
  });

  it.each(['<svg><b></b></svg>', '<svg>', '<svg>&</svg>', '<svg onload="x"></svg>', '<svg>\u0000</svg>'])(
    'is not called well-formed when it is %j',
    (text) => expect(xmlFault(text)).toBeDefined(),
  );

  it('has a title and a description for those who do not see it', () => {
    const text = svgText(chainOf([{ id: 'a', kind: 'task' }], { caption: 'As it ran' }))!;
    expect(text).toContain('role="img" aria-label="Workflow chain: 1 nodes, 0 edges. As it ran"');
    expect(text).toContain('<title>Workflow chain</title>\n<desc>1 nodes, 0 edges. As it ran</desc>');
  });

  it('cuts a long name and keeps it whole in the tooltip', () => {
    const id = 'a-very-long-name-that-goes-on-and-on-until-it-has-sixty-three-x';
    const text = svgText(chainOf([{ id, kind: 'task', target: 'b' }]))!;
    expect(text).toContain(`<title>${id}: task b</title>`);
    expect(text).toMatch(/<text class="pg-t pg-n"[^>]*>a-very-long-[a-z-]*…<\/text>/);
  });

  it('draws a map as a stack', () => {
    const boxes = (kind: string) => svgText(chainOf([{ id: 'a', kind }]))!.match(/class="pg-b"/g)?.length;
    expect([boxes('map'), boxes('task'), boxes('novel')]).toEqual([3, 1, 1]);
  });

  it('tells phases by word, by symbol and in a legend', () => {
    const marks = new Map([
      ['a', { phase: 'Succeeded', text: 'Succeeded in 1.2s' }],
      ['b', { phase: 'Levitating', text: 'Levitating for 3.0s' }],
    ]);
    const nodes = ['a', 'b', 'c'].map((id) => ({ id, kind: 'task' }));
    const text = svgText(chainOf(nodes, { marks }))!;
    for (const words of ['Succeeded in 1.2s', 'Levitating for 3.0s', '1 Succeeded', '1 Levitating', '1 Pending']) {
      expect(text).toContain(`>${words}</text>`);
    }
    expect(text.match(/<path class="pg-s"/g)).toHaveLength(6);
    expect(text.indexOf('1 Succeeded')).toBeLessThan(text.indexOf('1 Pending'));
  });

  it('shows how far a map is, never past the end', () => {
    const progress = { size: 40, succeeded: 30, failed: 20, running: 40 };
    const marks = new Map([['a', { phase: 'Running', text: 'Running', progress }]]);
    const text = svgText(chainOf([{ id: 'a', kind: 'map' }], { marks }))!;
    const widths = [...text.matchAll(/class="pg-(track|bar-\w+)"[^>]*width="([\d.]+)"/g)].map(([, key, width]) => [
      key,
      Number(width),
    ]);
    const track = widths[0]![1] as number;
    expect(widths).toEqual([
      ['track', track],
      ['bar-ok', track * 0.75],
      ['bar-failed', track * 0.25],
    ]);
  });

  it('marks what may not run with a broken line', () => {
    expect(svgText(chainOf([{ id: 'a', kind: 'task', when: 'inputs.go' }]))!).toContain('class="pg-b pg-dashed"');
    expect(svgText(chainOf([{ id: 'a', kind: 'task' }]))!).not.toContain('class="pg-b pg-dashed"');
  });

  it('is the same text for the same drawing', () => {
    fc.assert(
      fc.property(hostileDrawing, (drawing) => {
        expect(svgText(drawing)).toBe(svgText(drawing));
      }),
    );
  });
});

describe('colours', () => {
  /** Relative luminance and contrast as WCAG 2.2 defines them. */
  function luminance(colour: string): number {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function contrast(one: string, other: string): number {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  it.each(PHASE_LOOKS)('of $key can be read on both pages', ({ light, dark }) => {
    for (const [{ line, fill }, page] of [
      [light, '#ffffff'],
      [dark, '#0d1117'],
    ] as const) {
      expect(contrast(line, fill)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(line, page)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('are not all that tells phases apart', () => {
    expect(new Set(PHASE_LOOKS.map(({ symbol }) => symbol)).size).toBe(PHASE_LOOKS.length);
  });
});
