import type { KindSchema } from './kind-schemas.ts';
import { anything, flag, list, mapOf, oneOf, optional, record, type Schema, text, whole } from './schema.ts';

/** Objects of Kubernetes' own kinds may hold every field that Kubernetes knows, so unknown ones are let through. */
function open(schema: Schema): Schema {
  return { ...schema, 'x-kubernetes-preserve-unknown-fields': true };
}

const CONTAINER = open(
  record(
    {
      name: text('Name of the container.'),
      image: optional(text('Image that it runs; a local runtime ignores it.')),
      command: optional(list(text('One word.'), 'The command and its arguments.')),
      workingDir: optional(text('Folder that it starts in.')),
      env: optional(list(anything('Name and value.'), 'Environment variables.')),
      resources: optional(anything('Requests and limits of cpu and memory.')),
    },
    'One container.',
  ),
);

/** Schemas of Kubernetes' kinds, as much as is read here. */
export const CORE_SCHEMAS: readonly (readonly [string, KindSchema])[] = [
  [
    'Pod',
    {
      description: 'One attempt of a task.',
      fields: {
        spec: open(
          record(
            {
              containers: list(CONTAINER, 'Containers; a task has one.'),
              restartPolicy: optional(
                oneOf(['Always', 'OnFailure', 'Never'], 'Never: the engine makes a new pod instead.'),
              ),
              activeDeadlineSeconds: optional(whole('Seconds until it is ended.')),
              terminationGracePeriodSeconds: optional(whole('Seconds between asking it to end and killing it.')),
            },
            'What to run.',
          ),
        ),
        status: anything('Where it stands, as its node agent wrote it.'),
      },
    },
  ],
  [
    'ConfigMap',
    {
      description: 'Data by name.',
      fields: {
        data: mapOf(text('Text.'), 'Texts by name.'),
        binaryData: mapOf(text('Base64.'), 'Bytes by name.'),
        immutable: flag('Whether it may change.'),
      },
    },
  ],
  [
    'Secret',
    {
      description: 'Secret data by name.',
      fields: {
        data: mapOf(text('Base64.'), 'Bytes by name.'),
        stringData: mapOf(text('Text.'), 'Texts by name.'),
        type: text('What it is for.'),
        immutable: flag('Whether it may change.'),
      },
    },
  ],
  [
    'Namespace',
    { description: 'A project in a domain.', fields: { spec: anything('Not used.'), status: anything('Not used.') } },
  ],
];
