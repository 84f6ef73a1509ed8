/** Goal: docs/PARITY.md keeps every promise and names proofs that exist. Method: read the table, look each proof up. */
import { describe, expect, it } from '@jest/globals';
import { parityRows, STATES } from './parity-table.ts';
import { readText, repositoryFiles } from './repository.ts';

const files = repositoryFiles();
const scripts = (JSON.parse(readText('package.json')) as { scripts: Record<string, string> })
  .scripts;

describe('docs/PARITY.md', () => {
  it.each(parityRows())('$part: $promise', ({ state, proof }) => {
    expect(STATES).toContain(state);
    expect(proof === '').toBe(state === 'planned');
    for (const command of proof === '' ? [] : proof.split(' && ')) {
      const [npm, run, script = '', dashes, ...args] = command.split(' ');
      expect([npm, run]).toEqual(['npm', 'run']);
      expect(Object.keys(scripts)).toContain(script);
      if (dashes !== undefined) expect(dashes).toBe('--');
      if (script !== 'jest') continue;
      // A proof is a spec file, or a folder with at least one.
      for (const path of args) {
        const specs = files.filter((file) => file.startsWith(path) && /spec\.ts$/.test(file));
        expect({ path, specs: specs.length > 0 }).toEqual({ path, specs: true });
      }
    }
  });

  it('is built on the parts that the design names', () => {
    const manifests = files
      .filter((file) => file.endsWith('package.json'))
      .map((file) => readText(file))
      .join('\n');
    const named = [
      '@nestjs/core',
      '@nestjs/microservices',
      '@grpc/grpc-js',
      '@nestjs/terminus',
      '@willsoto/nestjs-prometheus',
      'bullmq',
      'ioredis',
      'onnxruntime-node',
      'sharp',
      'jest',
      'nx',
    ];
    expect(named.filter((name) => !manifests.includes(`"${name}":`))).toEqual([]);
  });
});
