import type { PhaseLook, Shade } from './looks.ts';

/** Font of all words. Names of fonts that systems have, widest last. */
export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";

interface Palette {
  readonly page: string;
  readonly box: string;
  readonly border: string;
  readonly ink: string;
  readonly muted: string;
  readonly edge: string;
  readonly implied: string;
  /** Families of node kinds: strokes of the icon, and the tile behind it. */
  readonly work: Shade;
  readonly logic: Shade;
  readonly wait: Shade;
  readonly call: Shade;
}

const LIGHT: Palette = {
  page: '#ffffff',
  box: '#ffffff',
  border: '#c4cdd6',
  ink: '#1f2328',
  muted: '#59636e',
  edge: '#818b98',
  implied: '#d1d9e0',
  work: { line: '#0969da', fill: '#ddf0ff' },
  logic: { line: '#7a4bd6', fill: '#f0e8fd' },
  wait: { line: '#8a5d00', fill: '#fff1cc' },
  call: { line: '#0f766e', fill: '#d9f2ef' },
};

const DARK: Palette = {
  page: '#0d1117',
  box: '#161b22',
  border: '#3d444d',
  ink: '#f0f6fc',
  muted: '#9198a1',
  edge: '#79828d',
  implied: '#2f363e',
  work: { line: '#4493f8', fill: '#15243b' },
  logic: { line: '#ab7df8', fill: '#271d3d' },
  wait: { line: '#d29922', fill: '#2d2414' },
  call: { line: '#2dd4bf', fill: '#102b29' },
};

/**
 * The style sheet of a picture that shows these looks of phases. Classes begin with `pg-`, so that pictures may stand
 * inside a page.
 */
export function styleText(looks: readonly PhaseLook[]): string {
  const rules = [
    `.pg-t{font-family:${FONT};font-size:12px}`,
    '.pg-n{font-size:13px;font-weight:600}',
    '.pg-h{font-size:18px;font-weight:600}',
    '.pg-b{stroke-width:1.25}',
    '.pg-e{fill:none;stroke-width:1.5}',
    '.pg-g{fill:none;stroke-width:1.5}',
    '.pg-i,.pg-s{fill:none;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}',
    '.pg-s{stroke-width:1.75}',
    '.pg-dashed{stroke-dasharray:5 4}',
  ];
  const dark = colourRules(DARK, 'dark', looks);
  return `${[...rules, ...colourRules(LIGHT, 'light', looks)].join('')}@media (prefers-color-scheme:dark){${dark.join('')}}`;
}

function colourRules(palette: Palette, theme: 'light' | 'dark', looks: readonly PhaseLook[]): readonly string[] {
  const families = (['work', 'logic', 'wait', 'call'] as const).flatMap((family) => [
    `.pg-${family} .pg-i{stroke:${palette[family].line}}`,
    `.pg-${family} .pg-k{fill:${palette[family].fill}}`,
  ]);
  const phases = looks.flatMap(({ key, ...look }) => {
    const { line, fill } = look[theme];
    return [
      `.pg-${key} .pg-b{fill:${fill};stroke:${line}}`,
      `.pg-${key} .pg-s{stroke:${line}}`,
      `.pg-${key} .pg-w,.pg-bar-${key}{fill:${line}}`,
    ];
  });
  return [
    `.pg-page{fill:${palette.page}}`,
    `.pg-b{fill:${palette.box};stroke:${palette.border}}`,
    `.pg-t{fill:${palette.ink}}`,
    `.pg-m{fill:${palette.muted}}`,
    `.pg-e{stroke:${palette.edge}}`,
    `.pg-g{stroke:${palette.implied}}`,
    `.pg-a{fill:${palette.edge}}`,
    `.pg-e.pg-f{stroke:${palette.implied}}`,
    `.pg-a.pg-f{fill:${palette.implied}}`,
    ...families,
    ...phases,
    `.pg-track{fill:${palette.border}}`,
  ];
}
