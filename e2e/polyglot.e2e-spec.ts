/**
 * Goal: a client that knows nothing of SyncValue but gRPC reflection lists its services, checks its health, sends a
 * log, fits, predicts and explains, in two languages with the same answers. Method: the programs of examples/
 * as processes of their own against a running service.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { start, type Host } from '@kiki/host';
import { syncvalueDefinition } from '@kiki/service-syncvalue';
import {
  createTestDatabase,
  describeUnless,
  removeHome,
  repositoryRoot,
  type TestDatabase,
} from '@kiki/testing';

const run = promisify(execFile);
const examples = path.join(repositoryRoot, 'examples');
const home = mkdtempSync(path.join(tmpdir(), 'kiki-polyglot-'));
const PYTHONS = ['python3', '/usr/bin/python3'];
const NEEDED = 'import grpc, google.protobuf.message_factory';
const python = PYTHONS.find((name) => spawnSync(name, ['-c', NEEDED]).status === 0);
let db: TestDatabase;
let host: Host;

/** One client program: how it is started. */
interface Program {
  readonly command: string;
  readonly script: string;
}

/** What both programs print. */
interface Printed {
  readonly services: string[];
  readonly health: string;
  readonly received?: string;
  readonly modelVersion?: string;
  readonly expectedPurchases: number;
  readonly ltvMicros: string;
  readonly value: number;
  readonly contributions: [string, number][];
  readonly sentence: string;
}

async function answerOf(
  { command, script }: Program,
  key: string,
  ...args: string[]
): Promise<Printed> {
  const target = host.service('syncvalue').grpcTarget ?? '';
  const { stdout } = await run(command, [path.join(examples, script), target, ...args], {
    cwd: examples,
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1', KIKI_KEY: key },
    timeout: 60_000,
  });
  return JSON.parse(stdout) as Printed;
}

async function keyOf(tenant: string): Promise<string> {
  const { admin } = host.auth;
  await admin.createTenant({ tenant });
  const scopes = ['value:write', 'value:read'];
  return (await admin.createKey({ tenant, name: 'example', scopes })).key;
}

const javascript: Program = { command: process.execPath, script: 'javascript/syncvalue.js' };
const pythonic: Program = { command: python ?? '', script: 'python/syncvalue.py' };

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { DATABASE_URL: db.url, KIKI_HOME: home, LOG_LEVEL: 'silent' };
  host = await start([syncvalueDefinition], { environment, portBase: 0 });
}, 60_000);

afterAll(async () => {
  await host?.stop();
  await db?.drop();
  removeHome(home);
});

function talks(title: string, reason: string | undefined, program: Program): void {
  describeUnless(reason, title, () => {
    it('lists, checks, ingests, fits, predicts and explains', async () => {
      const printed = await answerOf(program, await keyOf(title), 'customer-6', '--demo');
      expect(printed.services).toEqual([
        'grpc.health.v1.Health',
        'kiki.syncvalue.v1.SubjectDataService',
        'kiki.syncvalue.v1.SyncValueService',
      ]);
      expect(printed).toMatchObject({ health: 'SERVING', received: '451', modelVersion: 'v1' });
      expect(printed.expectedPurchases).toBeGreaterThan(0);
      expect(Number(printed.ltvMicros)).toBeGreaterThan(0);
      expect(printed.contributions.length).toBeGreaterThan(1);
      expect(printed.sentence).not.toBe('');
    }, 120_000);

    it('is refused with a key that is none', async () => {
      const refused = answerOf(program, 'kiki_nobody', 'customer-6');
      await expect(refused).rejects.toMatchObject({
        stderr: expect.stringMatching(/UNAUTHENTICATED/) as unknown,
      });
    }, 60_000);

    it('says how it is used where the key is missing', async () => {
      const refused = answerOf(program, '', 'customer-6');
      await expect(refused).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^usage: KIKI_KEY=/) as unknown,
      });
    }, 60_000);
  });
}

talks('javascript', undefined, javascript);
const missing = python === undefined ? 'no python3 with grpc and protobuf' : undefined;
talks('python', missing, pythonic);

describeUnless(missing, 'both languages', () => {
  it('read the same answers', async () => {
    const key = await keyOf('both');
    const first = await answerOf(javascript, key, 'customer-4', '--demo');
    const [again, other] = await Promise.all(
      [javascript, pythonic].map((program) => answerOf(program, key, 'customer-4')),
    );
    expect(other).toEqual(again);
    expect(first).toMatchObject({ ...again });
  }, 120_000);
});
