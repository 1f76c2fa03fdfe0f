import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CODEOWNERS_PATHS } from '../review/index.ts';

/** What `uses:` names when nobody says otherwise. */
export const ACTION = 'pipectl/pipectl@action-v0';

export interface GitHubFilesOptions {
  /** `owner/repository@tag`. */
  readonly action: string;
  /** The project's folder in the repository; '' is its root. */
  readonly path: string;
}

/** Files that have pull requests on GitHub reviewed, by path from the root of the repository, which is the folder `root`. */
export function gitHubFiles(root: string, { action, path }: GitHubFilesOptions): ReadonlyMap<string, string> {
  const step = path === '' ? action : `${action}\n        with: { path: ${JSON.stringify(path)} }`;
  const files = new Map([['.github/workflows/pipectl.yml', WORKFLOW.replace('ACTION', () => step)]]);
  // Whoever has owners has decided already.
  if (!CODEOWNERS_PATHS.some((owners) => existsSync(join(root, owners)))) files.set('.github/CODEOWNERS', CODEOWNERS);
  return files;
}

const WORKFLOW = `# What a pull request means for pipelines and schedules, in one comment that is kept up to date.
name: pipectl
on:
  pull_request:
  merge_group:
permissions:
  contents: read
  pull-requests: write
  checks: write
concurrency:
  group: pipectl-\${{ github.ref }}
  cancel-in-progress: true
jobs:
  review:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    steps:
      # It fetches the two commits that it compares, and runs nothing of them: no checkout is needed.
      - uses: ACTION
`;

const CODEOWNERS = `# Who must agree to a change: GitHub asks them, and the review names them. Write a team of yours, and take the sign away.
#
# /pipectl.yaml @your-org/platform
# /pipelines/   @your-org/data
`;
