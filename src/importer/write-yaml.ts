import { Document, isScalar, Scalar, visit } from 'yaml';
import type { ImportedDefinition } from './import-result.ts';

/** A definition as a document of YAML, without `---`. Text with expressions stands in quotes, as everywhere in the docs. */
export function definitionYaml({ document, from }: ImportedDefinition): string {
  const tree = new Document(document, { version: '1.2', schema: 'core', aliasDuplicateObjects: false });
  visit(tree, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && node.value.includes('${{'))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const origin = from.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
  return `# Imported from ${origin}\n${tree.toString({ lineWidth: 0, flowCollectionPadding: true })}`;
}

/** All definitions as one text of several documents. */
export function definitionsYaml(definitions: readonly ImportedDefinition[]): string {
  return definitions.map(definitionYaml).join('---\n');
}
