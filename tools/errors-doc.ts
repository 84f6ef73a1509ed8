/** Writes docs/errors.md from the built packages: `npm run docs:errors`. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorFiles, errorsDocument, type ErrorRow } from './errors-table.ts';
import { root } from './repository.ts';

for (const file of errorFiles()) {
  await import(
    pathToFileURL(path.join(root, file.replace('/src/', '/dist/').replace('.ts', '.js'))).href
  );
}
const kernel = (await import(
  pathToFileURL(path.join(root, 'libs/platform/kernel/dist/index.js')).href
)) as { errorCatalogue(): ReadonlyMap<string, ErrorRow> };
writeFileSync(path.join(root, 'docs/errors.md'), errorsDocument(kernel.errorCatalogue()));
console.log(`docs/errors.md: ${kernel.errorCatalogue().size} codes`);
