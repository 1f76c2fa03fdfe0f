import { describe, expect, it } from 'vitest';
import { type NotificationSpec, type ParsedFile, parseDefinitions } from '../../src/language/index.ts';

const URL_SECRET = '{ secret: { name: alerts, key: url } }';

function parse(...notifications: readonly string[]): ParsedFile {
  const lines = notifications.map((notification) => `    - ${notification}`);
  const text = `apiVersion: pipectl.dev/v1
kind: LaunchPlan
metadata: { name: nightly }
spec:
  workflow: etl
  notifications:
${lines.join('\n')}
`;
  return parseDefinitions({ path: 'x.yaml', bytes: new TextEncoder().encode(text) });
}

function read(notification: string): NotificationSpec | undefined {
  const [document] = parse(notification).documents;
  return document?.kind === 'LaunchPlan' ? document.spec.notifications?.[0] : undefined;
}

describe('notifications', () => {
  it('have one form, however they are written', () => {
    const secret = { secret: { name: 'alerts', key: 'url' } };
    expect(read(`{ cloudEvents: { url: ${URL_SECRET} }, on: [TimedOut, Failed] }`)).toEqual({
      on: ['Failed', 'TimedOut'],
      cloudEvents: { url: secret, mode: 'structured' },
    });
    expect(read(`{ on: [Failed], email: { smtp: ${URL_SECRET}, from: a@b.example, to: [c@d.example] } }`)).toEqual({
      on: ['Failed'],
      email: { smtp: secret, from: 'a@b.example', to: ['c@d.example'] },
    });
  });

  it.each([
    ['no way', '{ on: [Failed] }', /PIPE-SCHEMA-010.*none of "webhook", "slack", "cloudEvents" and "email"/],
    [
      'two ways',
      `{ on: [Failed], slack: { url: ${URL_SECRET} }, webhook: { url: ${URL_SECRET}, signingKey: ${URL_SECRET} } }`,
      /PIPE-SCHEMA-010.*"webhook" and "slack" are given/,
    ],
    ['nothing to tell', `{ on: [], slack: { url: ${URL_SECRET} } }`, /PIPE-SCHEMA-011/],
    ['something that never happens', `{ on: [Fail], slack: { url: ${URL_SECRET} } }`, /PIPE-SCHEMA-007/],
    ['a webhook without a key', `{ on: [Failed], webhook: { url: ${URL_SECRET} } }`, /PIPE-SCHEMA-005.*signingKey/],
    [
      'an address with a name',
      `{ on: [Failed], email: { smtp: ${URL_SECRET}, from: "A <a@b.example>", to: [c@d.example] } }`,
      /PIPE-SCHEMA-009[\s\S]*mail address/,
    ],
    [
      'an address with a line end',
      `{ on: [Failed], email: { smtp: ${URL_SECRET}, from: a@b.example, to: ["c@d.example\\nBcc: x"] } }`,
      /PIPE-SCHEMA-009[\s\S]*mail address/,
    ],
    ['nobody', `{ on: [Failed], email: { smtp: ${URL_SECRET}, from: a@b.example, to: [] } }`, /PIPE-SCHEMA-011/],
  ])('that name %s are refused', (_what, notification, expected) => {
    const { diagnostics } = parse(notification);
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n')).toMatch(expected);
  });

  it.each([
    ['in one line', '{ on: [Failed], slack: { url: "https://hooks.example/planted" } }'],
    ['over lines', '{ on: [Failed], slack: { url: "https://hooks.example/planted\n        planted" } }'],
  ])('show nothing of a secret that is written out %s', (_how, notification) => {
    const { diagnostics } = parse(notification);
    expect(diagnostics.map(({ code }) => code)).toEqual(['PIPE-NOTIFY-001']);
    expect(JSON.stringify(diagnostics)).not.toContain('planted');
    expect(diagnostics[0]?.frame).toMatch(/slack: \{ url: \*+/);
  });
});
