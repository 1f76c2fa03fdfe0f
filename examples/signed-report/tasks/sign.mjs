import { createHmac } from 'node:crypto';
import { appendFileSync } from 'node:fs';

const { ALGORITHM, SIGNING_KEY, PIPECTL_INPUT_TEXT, PIPECTL_OUTPUTS } = process.env;
const signature = createHmac(ALGORITHM, SIGNING_KEY).update(PIPECTL_INPUT_TEXT).digest('hex');

// What a task should not do: neither gets out.
console.log(`signing with ${SIGNING_KEY}`);
console.log(`Authorization: Basic ${Buffer.from(`reports:${SIGNING_KEY}`).toString('base64')}`);
appendFileSync(PIPECTL_OUTPUTS, `signature=${signature}\nnote=signed with ${SIGNING_KEY}\n`);
