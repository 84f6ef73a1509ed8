/**
 * Goal: the committed contracts say what the services do. Method: make the generated files again, in memory or in
 * a scratch folder, and compare whole texts.
 */
import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { contractFiles, definitionOf, HTTP_SERVICES } from './contracts.ts';
import { generateProto, GENERATED_DIR } from './proto.js';
import { readText, root } from './repository.ts';

describe.each(HTTP_SERVICES)('the contract of %s', (name) => {
  it('equals what `npm run contracts` writes', async () => {
    const definition = await definitionOf(name);
    if (definition === undefined) throw new Error(`${name} exports no definition`);
    for (const { file, text } of await contractFiles(definition)) {
      expect({ file, text: readText(file) }).toEqual({ file, text });
    }
  });
});

describe('the contract of syncvalue', () => {
  it('equals what `npm run proto` writes', () => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'kiki-proto-drift-'));
    try {
      const made = textsBelow(generateProto(root, scratch));
      expect(textsBelow(path.join(root, GENERATED_DIR))).toEqual(made);
      expect(made.size).toBeGreaterThan(3);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});

function textsBelow(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  return new Map(files.map((file) => [path.relative(folder, file), readFileSync(file, 'utf8')]));
}
