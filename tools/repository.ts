import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The repository's root folder. */
export const root = path.resolve(import.meta.dirname, '..');

/** Every tracked or new (not ignored) file, with `/` separators. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(listed.split('\n').filter(Boolean))];
}

/** A file's text. */
export function readText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** Hand-written TypeScript. */
export function isSource(file: string): boolean {
  return /\.tsx?$/.test(file) && !/\/(generated|dist)\//.test(file);
}

/** Specs and what only specs load. */
export function isTestCode(file: string): boolean {
  return (
    /\.(spec|e2e-spec|conformance)\.ts$/.test(file) || file.startsWith('libs/platform/testing/')
  );
}
