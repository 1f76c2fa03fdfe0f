// How a task reads its inputs and writes its outputs: two files, named by the environment.
import { readFileSync, writeFileSync } from 'node:fs';

export const inputs = JSON.parse(readFileSync(process.env.PIPECTL_INPUTS, 'utf8'));

export function writeOutputs(outputs) {
  writeFileSync(process.env.PIPECTL_OUTPUTS, JSON.stringify(outputs));
}
