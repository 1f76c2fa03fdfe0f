import { MAX_DEFINITION_FILES, MAX_SOURCE_ENTRIES } from '../../base/index.ts';
import type { DiagnosticCode } from './code.ts';
import { task } from './examples.ts';

/** What a commit's files may be wrong about, whatever is written in them; a push tells it. */
export const TREE_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-TREE-001',
    severity: 'error',
    title: 'a commit or folder cannot be read',
    explanation:
      'Folders are read under a budget of depth, size and number, so that no commit can keep the control plane busy: a few hundred kilobytes of git objects can describe billions of files. A damaged object ends here as well. Keep generated and packaged data out of git.',
    wrong: '# a commit with folders nested 65 deep',
    right: task('add'),
  },
  {
    code: 'PIPE-TREE-002',
    severity: 'error',
    title: 'a file name is not safe everywhere',
    explanation:
      'Names with control characters or backslashes, names that stand for .git, and names that differ only in case or Unicode form mean other files on other machines, and some could write outside the folder they are in. Rename the file.',
    wrong: '# README.yaml beside readme.yaml',
    right: task('add'),
  },
  {
    code: 'PIPE-TREE-003',
    severity: 'error',
    title: 'a link or submodule stands where only files may be',
    explanation:
      'What a commit runs must be in the commit. A symbolic link may lead out of it, and a submodule is only the id of a commit elsewhere. Commit the files themselves in the folders of definitions and of task sources.',
    wrong: '# pipelines/shared.yaml -> ../../shared.yaml',
    right: task('add'),
  },
  {
    code: 'PIPE-TREE-004',
    severity: 'error',
    title: 'there are too many files',
    explanation: `A commit has at most ${MAX_DEFINITION_FILES} definition files, and the source folder of a task at most ${MAX_SOURCE_ENTRIES} files. Several definitions may share a file; data belongs into storage that tasks read.`,
    wrong: '# a task whose source is a folder of node_modules',
    right: task('add'),
  },
  {
    code: 'PIPE-PUSH-001',
    severity: 'error',
    title: 'the project belongs to another repository, or this one to another project',
    explanation:
      'The first commit that a repository brings fixes its project, because namespaces and executions carry that name; and a project has one repository, or two would undo what the other applies. Keep the name in pipectl.yaml, or push to another repository.',
    wrong: '# a second repository whose pipectl.yaml says the same metadata.name',
    right: task('add'),
  },
  {
    code: 'PIPE-PUSH-002',
    severity: 'error',
    title: 'a commit or tag is not signed as the repository asks',
    explanation:
      'The Repository object says by spec.verify whose signatures count, and whether the head, a tag that names it or every new commit must carry one. Signatures of SSH keys (gpg.format=ssh) are checked against allowedSigners, those of OpenPGP against gpgKeys, at the time that the commit says. Sign with git commit -S or git tag -s, or add the key to the Repository.',
    wrong: '# a commit made without -S in a repository whose spec.verify asks for signatures',
    right: task('add'),
  },
  {
    code: 'PIPE-PUSH-003',
    severity: 'error',
    title: 'git, a scope or a rule of refs turned the push away',
    explanation:
      'Git looks through what is pushed before anything else does, and refuses damaged or hostile objects, those that are too large and packs that take too long to unpack. The scopes of a token and the rules of the Repository (spec.rules) say who may move which ref, and how. The message has the words in which it was refused. What the commit defines was not looked at.',
    wrong: '# a push that leaves commits of main behind, where spec.rules protects main',
    right: task('add'),
  },
];
