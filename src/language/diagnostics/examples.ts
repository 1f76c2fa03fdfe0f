/** A small definitions file: the given lines under an apiVersion. */
export function example(...lines: readonly string[]): string {
  return `apiVersion: pipectl.dev/v1\n${lines.join('\n')}\n`;
}

/** The smallest task. */
export function task(name: string): string {
  return example('kind: Task', `metadata: { name: ${name} }`, 'spec: { run: { command: [sh, add.sh] } }');
}
