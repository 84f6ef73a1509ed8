import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeUnless } from './describe-unless.js';
import { repositoryRoot } from './repository.js';

/** Path of a file or folder of real data beside the checkout (`../shared/data`), or undefined. */
export function dataFile(relative: string): string | undefined {
  const path = join(repositoryRoot, '..', 'shared', 'data', relative);
  return existsSync(path) ? path : undefined;
}

/**
 * A `describe` that needs real data; without it the block is skipped and says why. The body is not even collected
 * then: it may read the file at once.
 */
export function describeWithData(
  relative: string,
  title: string,
  body: (path: string) => void,
): void {
  const path = dataFile(relative);
  if (path !== undefined) return describeUnless(undefined, title, () => body(path));
  describeUnless(`../shared/data/${relative} is not there`, title, () => {
    const { it } = globalThis as unknown as { it: (title: string, test: () => void) => void };
    it('needs the file', () => undefined);
  });
}
