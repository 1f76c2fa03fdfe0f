import { schemaFiles } from '../language/index.ts';

/** The files of a new project, by path. They are what the README's first steps run. */
export function projectFiles(name: string): ReadonlyMap<string, string> {
  return new Map([
    ['pipectl.yaml', PROJECT.replace('NAME', name)],
    ['pipelines/hello.yaml', HELLO],
    ['tasks/greet.sh', GREET],
    ['tasks/card.sh', CARD],
    // Editors check and complete by it; it is of this version of pipectl.
    ['.pipectl/schema.json', schemaFiles().get('pipectl.schema.json')!],
  ]);
}

const PROJECT = `# yaml-language-server: $schema=.pipectl/schema.json
apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: NAME }
spec:
  paths: [pipelines]
  domains:
    # The head of main is what runs in production; schedules tick there.
    production: { ref: main }
`;

const HELLO = `# yaml-language-server: $schema=../.pipectl/schema.json
apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: greet, description: Greet one person. }
spec:
  inputs: { person: string }
  outputs: { greeting: string }
  # This folder of the same commit is the working directory.
  source: tasks
  run: { command: [sh, greet.sh] }
---
kind: Task
metadata: { name: card, description: Write the card. }
spec:
  inputs: { first: string, people: integer }
  outputs: { text: string }
  source: tasks
  run: { command: [sh, card.sh] }
---
kind: Workflow
metadata: { name: hello, description: Greet people and write a card. }
spec:
  inputs:
    people: { type: list<string>, default: [Ada, Grace, Edsger] }
  outputs:
    greetings: "\${{ nodes.greet.outputs.greeting }}"
    card: "\${{ nodes.card.outputs.text }}"
  nodes:
    # One subtask per person, all at a time.
    greet:
      map: { task: greet, over: { person: "\${{ inputs.people }}" } }
      retries: 1
    # Expressions only, no process.
    counted:
      compute:
        people: "\${{ size(inputs.people) }}"
    card:
      task: card
      with:
        first: "\${{ nodes.greet.outputs.greeting[0] }}"
        people: "\${{ nodes.counted.outputs.people }}"
---
kind: LaunchPlan
metadata: { name: hello-daily }
spec:
  workflow: hello
  inputs: { default: { people: [Barbara, Donald] } }
---
kind: Schedule
metadata: { name: hello-daily }
spec: { launchPlan: hello-daily, cron: "0 7 * * 1-5", timeZone: UTC }
`;

const GREET = `#!/bin/sh
# Inputs come as PIPECTL_INPUT_<NAME>; outputs go to the file $PIPECTL_OUTPUTS.
set -eu
echo "greeting $PIPECTL_INPUT_PERSON"
echo "greeting=Hello, $PIPECTL_INPUT_PERSON!" >>"$PIPECTL_OUTPUTS"
`;

const CARD = `#!/bin/sh
set -eu
echo "text=$PIPECTL_INPUT_FIRST And $((PIPECTL_INPUT_PEOPLE - 1)) more." >>"$PIPECTL_OUTPUTS"
`;
