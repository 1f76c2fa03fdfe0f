import type { Json } from '../base/index.ts';
import type { Notification } from '../cluster/index.ts';
import { headlineOf, particularsOf } from './payload.ts';

/** Slack's limit is 3,000 characters of a section's text: https://docs.slack.dev/reference/block-kit/blocks/section-block */
const MAX_SECTION = 2_800;

/** An incoming webhook's message: `text` for notices and for receivers that know no blocks, and blocks. */
export function slackPayload(notification: Notification): Json {
  const { facts, reason, command } = particularsOf(notification);
  const headline = escaped(headlineOf(notification));
  const fields = facts.map(([name, value]) => markdown(`*${name}*\n${escaped(value)}`));
  return {
    text: reason === undefined ? headline : `${headline}: ${escaped(reason.split('\n', 1)[0] ?? '')}`,
    blocks: [
      { type: 'section', text: markdown(`*${headline}*`) },
      { type: 'section', fields },
      // A fence in the text would end the block.
      ...(reason === undefined
        ? []
        : [{ type: 'section', text: markdown(`\`\`\`${escaped(reason.replaceAll('```', "'''"))}\`\`\``) }]),
      { type: 'context', elements: [markdown(`\`${escaped(command)}\``)] },
    ],
  };
}

function markdown(text: string): Json {
  return { type: 'mrkdwn', text };
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** As Slack wants it: no text of a user becomes a link or a mention. Cut to what a section takes. */
function escaped(text: string): string {
  let out = '';
  for (const character of text) {
    const next = ESCAPES[character] ?? character;
    if (out.length + next.length > MAX_SECTION) return `${out}…`;
    out += next;
  }
  return out;
}
