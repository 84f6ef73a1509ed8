/**
 * Goal: the arrows of CONTRIBUTING hold, and the rules that check them can fail.
 * Method: run dependency-cruiser over the sources, then over a folder that breaks each rule on purpose.
 */
import { afterAll, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './repository.ts';

interface Summary {
  summary: {
    violations: { rule: { name: string }; from: string; to: string }[];
    totalCruised: number;
  };
}

const scratch = mkdtempSync(path.join(os.tmpdir(), 'kiki-boundaries-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function cruise(cwd: string, ...folders: string[]): Summary['summary'] {
  const cruiser = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = path.join(root, '.dependency-cruiser.cjs');
  const run = (): string => {
    try {
      return execFileSync(
        process.execPath,
        [cruiser, '--config', config, '-T', 'json', ...folders],
        {
          cwd,
          encoding: 'utf8',
          maxBuffer: 256 * 1024 * 1024,
          env: { ...process.env, NODE_OPTIONS: '' },
        },
      );
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  return (JSON.parse(run()) as Summary).summary;
}

it('finds no violation in the product', () => {
  const { violations, totalCruised } = cruise(root, 'libs', 'apps', 'bench', 'e2e');
  expect(violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  expect(totalCruised).toBeGreaterThan(100);
});

it('finds each violation that is put in on purpose', () => {
  const write = (file: string, text: string): void => {
    mkdirSync(path.join(scratch, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(scratch, file), text);
  };
  write('libs/platform/kernel/src/index.ts', 'export const k = 1;\n');
  write(
    'libs/platform/http/src/index.ts',
    "export { s } from '../../../services/a/src/index.js';\n",
  );
  write('libs/engines/e/src/index.ts', "import fs from 'node:fs';\nexport const e = fs;\n");
  write(
    'libs/engines/audit-verifier/src/index.ts',
    "import { k } from '../../../platform/kernel/src/index.js';\nexport const v = k;\n",
  );
  write(
    'libs/services/a/src/index.ts',
    "import { b } from '../../b/src/index.js';\nexport const s = b;\n",
  );
  write(
    'libs/services/b/src/index.ts',
    "import { d } from './domain/d.js';\nexport const b = d;\n",
  );
  write(
    'libs/services/b/src/domain/d.ts',
    "import { p } from '../application/p.js';\nexport const d = p;\n",
  );
  write(
    'libs/services/b/src/application/p.ts',
    "import { x } from '../adapters/http/x.js';\nexport const p = x;\n",
  );
  write(
    'libs/services/b/src/adapters/http/x.ts',
    "import { y } from '../postgres/y.js';\nexport const x = y;\n",
  );
  write(
    'libs/services/b/src/adapters/postgres/y.ts',
    "import { z } from '../../../../../platform/http/src/z.js';\nexport const y = z;\n",
  );
  write('libs/platform/http/src/z.ts', "import { c } from './c.js';\nexport const z = c;\n");
  write('libs/platform/http/src/c.ts', "import { z } from './z.js';\nexport const c = () => z;\n");
  const names = new Set(cruise(scratch, 'libs').violations.map(({ rule }) => rule.name));
  for (const rule of [
    'no-cycles',
    'no-deep-imports',
    'engines-are-pure',
    'audit-verifier-shares-nothing',
    'services-do-not-meet',
    'platform-knows-no-service',
    'domain-is-pure',
    'application-knows-no-adapter',
    'adapters-do-not-meet',
  ]) {
    expect([...names]).toContain(rule);
  }
});
