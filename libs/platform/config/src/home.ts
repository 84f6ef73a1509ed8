import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * Where KIKI keeps its state when KIKI_HOME is not set: `.kiki` beside the nearest package.json upward that has
 * `workspaces`, else in the working directory. So `nx serve` (cwd: the app's folder) and the root share one home.
 */
export function defaultHome(workingDirectory: string = process.cwd()): string {
  for (let folder = resolve(workingDirectory); ; folder = dirname(folder)) {
    if (hasWorkspaces(join(folder, 'package.json'))) return join(folder, '.kiki');
    if (dirname(folder) === folder) return join(resolve(workingDirectory), '.kiki');
  }
}

function hasWorkspaces(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof content === 'object' && content !== null && 'workspaces' in content;
  } catch {
    return false;
  }
}
