import type { Document } from 'yaml';
import { MAX_YAML_DOCUMENTS, MAX_YAML_ERRORS } from '../base/index.ts';
import { type GateRefusal, tokenGate } from './gate.ts';
import { yaml } from './yaml-library.ts';

export type YamlResult = { readonly kind: 'documents'; readonly documents: readonly Document.Parsed[] } | GateRefusal;

/**
 * Text → `yaml`'s documents with their own lists of errors. One pass of its lexer feeds the gate and the parser, so
 * nothing past the budgets is ever composed (composing recurses, and deep nesting could end the process).
 */
export function parseYaml(text: string): YamlResult {
  const { Composer, isDocument, Lexer, Parser } = yaml();
  const gate = tokenGate(text);
  const parser = new Parser();
  // uniqueKeys would compare each key with all before it; our own walk finds duplicates in linear time.
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents: Document.Parsed[] = [];
  const keep = (composed: Iterable<unknown>): void => {
    for (const document of composed) if (isDocument(document)) documents.push(document as Document.Parsed);
  };
  let errors = 0;
  try {
    for (const token of new Lexer().lex(text)) {
      const refused = gate.see(token);
      if (refused !== undefined) return refused;
      for (const node of parser.next(token)) {
        if (node.type === 'error' && ++errors > MAX_YAML_ERRORS) return notYaml(text, node.offset);
        keep(composer.next(node));
      }
      if (documents.length > MAX_YAML_DOCUMENTS)
        return tooMany(text, `the file has more than ${MAX_YAML_DOCUMENTS} documents`);
    }
    for (const node of parser.end()) keep(composer.next(node));
    keep(composer.end(false, text.length));
  } catch {
    // The parser gathers tokens with `push.apply`, which throws past some 100,000 of them in one place.
    return tooMany(text, 'the parser could not get through this file');
  }
  return { kind: 'documents', documents };
}

function notYaml(text: string, at: number): GateRefusal {
  const message = `this is hardly YAML: the parser stumbled more than ${MAX_YAML_ERRORS} times up to here`;
  return { kind: 'refused', code: 'PIPE-YAML-010', message, text, start: at, end: at + 1 };
}

function tooMany(text: string, message: string): GateRefusal {
  return {
    kind: 'refused',
    code: 'PIPE-YAML-007',
    message,
    help: 'split it into several files',
    text,
    start: 0,
    end: 1,
  };
}
