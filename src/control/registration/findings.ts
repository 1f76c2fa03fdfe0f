import type { Diagnostic } from '../../base/index.ts';
import type { TreeFault, TreeProblem } from '../../git/index.ts';

/** A finding about a file or folder of the commit as git holds it, not about its text. */
export function treeFinding(code: string, path: string, message: string, help?: string): Diagnostic {
  const start = { line: 1, column: 1, endLine: 1, endColumn: 1 };
  return {
    code,
    severity: 'error',
    message,
    span: { file: path === '' ? '.' : path, ...start },
    ...(help !== undefined && { help }),
  };
}

/** A walk that had to stop. */
export function faultFinding({ path, reason }: TreeFault): Diagnostic {
  return treeFinding('PIPE-TREE-001', path, `the folder cannot be read: ${reason}`, 'keep such data out of git');
}

/** A name that is not safe, or not the same file, on every machine. */
export function nameFinding(folder: string, { name, reason }: TreeProblem): Diagnostic {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
  return treeFinding('PIPE-TREE-002', folder, `the name ${shown} ${reason}`, 'rename the file');
}

/** A link or submodule where only files may be. */
export function linkFinding(path: string, kind: 'symlink' | 'gitlink'): Diagnostic {
  const what = kind === 'symlink' ? 'a symbolic link' : 'a submodule';
  return treeFinding('PIPE-TREE-003', path, `${what} stands where only files may be`, 'commit the files themselves');
}

/** A definitions file, or all of them, past a bound. */
export function sizeFinding(code: string, path: string, message: string): Diagnostic {
  return treeFinding(code, path, message, 'split the definitions, and keep data in files that tasks read');
}
