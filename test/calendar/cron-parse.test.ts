import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from '../../src/calendar/index.ts';

describe('parseCron refuses', () => {
  const rows: readonly [expression: string, message: RegExp, offset: number][] = [
    ['', /5 fields .* found 0/, 0],
    ['* * * *', /found 4/, 0],
    ['61 * * * *', /"61" is not a minute; write 0 to 59/, 0],
    ['* 24 * * *', /"24" is not an hour/, 2],
    ['* * 0 * *', /"0" is not a day of month; write 1 to 31/, 4],
    ['* * * foo *', /"foo" is not a month; write 1 to 12 or a name such as feb/, 6],
    ['*/0 * * * *', /"0" is not a step/, 2],
    ['*/90 * * * *', /a step of 90 leaves the minute field, which has 60 values/, 2],
    ['5,,6 * * * *', /empty item in the minute field/, 2],
    ['* * 9-3 * *', /9-3: the range ends before it starts/, 4],
    ['? * * * *', /"\?" belongs to the day fields only/, 0],
    ['* * * * fri#6', /first to a fifth weekday/, 8],
    ['* * L-31 * *', /no month has so many days/, 4],
    ['@reboot', /knows no reboot/, 0],
    [' @every 15m', /@every 15m is no point in time; write "every: 15m" instead of "cron"/, 1],
    ['@fortnightly', /unknown nickname @fortnightly; known are @yearly/, 0],
    ['@daily 5', /nothing follows @daily/, 0],
    ['CRON_TZ=Asia/Tokyo 0 2 * * *', /write "timeZone: Asia\/Tokyo" beside it/, 0],
    ['0 0 2 * * * 2027', /found 7; there is none for years: write "start" and "end"/, 0],
    ['0 0 32W * *', /"32" is not a day of month/, 4],
    ['0 0 * * 8L', /"8" is not a day of week/, 8],
    ['0 0 * * -1', /"" is not a day of week/, 8],
    ['1-2-3 * * * *', /"2-3" is not a minute/, 2],
    ['1/ * * * *', /"" is not a step/, 2],
    [`${'*'.repeat(2_000)}`, /longer than 1000/, 0],
  ];
  it.each(rows)('%s', (expression, message, offset) => {
    const result = parseCron(expression);
    expect(result).toMatchObject({ kind: 'error', offset });
    expect(result.kind === 'error' && result.message).toMatch(message);
  });

  it('nothing by throwing', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'0123456789*/,-?LW# @monfri') }),
        (text) => void parseCron(text),
      ),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseCron(text)));
  });
});

describe('parseCron reads', () => {
  const same: readonly [string, string][] = [
    ['@hourly', '0 * * * *'],
    ['0 0 * * 7', '0 0 * * 0'],
    ['0 0 * * sun', '0 0 * * 0'],
    ['0 0 1 JAN *', '0 0 1 1 *'],
    ['5/15 * * * *', '5,20,35,50 * * * *'],
    ['0 22-2 * * *', '0 22,23,0,1,2 * * *'],
    ['0 0 * * fri-mon', '0 0 * * 5,6,0,1'],
    ['0 0 7 * * *', '0 7 * * *'],
    ['10-50/20 * * * *', '10,30,50 * * * *'],
    ['50/20 * * * *', '50 * * * *'],
    ['0 0 * * 1/2', '0 0 * * mon,wed,fri'],
    ['0 0 * * 7/2', '0 0 * * sun'],
    ['0 0 * * */7', '0 0 * * sun'],
    ['0 0 * * fri-7', '0 0 * * 5,6,0'],
    ['0 0 ? * ?', '0 0 * * *'],
    ['0 0 lw * 6l', '0 0 LW * SATL'],
    ['\t@Midnight ', '0  0 * * *'],
    ['0 0 * jan-3,DEC *', '0 0 * 1,2,3,12 *'],
    ['@annually', '0 0 1 jan ?'],
  ];
  it.each(same)('%s as %s', (left, right) => {
    const [a, b] = [parseCron(left), parseCron(right)];
    if (a.kind !== 'ok' || b.kind !== 'ok') throw new Error(`not parsed: ${left} or ${right}`);
    expect({ ...a.pattern, text: '' }).toEqual({ ...b.pattern, text: '' });
  });
});
