/** Goal: docs/errors.md and the code name the same errors. Method: load every errors.ts and compare the whole document. */
import { expect, it } from '@jest/globals';
import path from 'node:path';
import { errorCatalogue } from '@kiki/kernel';
import { errorFiles, errorsDocument } from './errors-table.ts';
import { readText, root } from './repository.ts';

it('documents exactly the codes of the catalogue', async () => {
  for (const file of errorFiles()) await import(path.join(root, file));
  expect(readText('docs/errors.md')).toBe(errorsDocument(errorCatalogue()));
});

it('defines errors in errors.ts only, with snake_case codes', () => {
  for (const code of errorCatalogue().keys()) expect(code).toMatch(/^[a-z][a-z0-9_]*$/);
});
