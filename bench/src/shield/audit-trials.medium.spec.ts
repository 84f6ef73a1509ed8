/**
 * Goal: whatever the owner of the database does to the audit log is found by whoever has an anchored checkpoint and the
 * public key; honest logs never raise an alarm. Method: the trials of `shield.audit`, fewer of them: a real SyncShield,
 * a superuser whom no trigger stops, the export of the API, the offline verifier.
 */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createTestDatabase, removeHome, testSeed, type TestDatabase } from '@kiki/testing';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditedShield } from './audit-shield.js';
import { KINDS } from './audit-tamperings.js';
import { fillLog, runTrials } from './audit-trials.js';

jest.setTimeout(240_000);

const home = mkdtempSync(join(tmpdir(), 'kiki-audit-'));
let db: TestDatabase;
let shield: AuditedShield;

beforeAll(async () => {
  db = await createTestDatabase({ schema: 'unused' });
  const environment = { SYNCSHIELD_AUDIT_INTERVAL_MS: '50' };
  shield = await AuditedShield.start({ ...db, home, environment });
});

afterAll(async () => {
  await shield?.stop();
  await db.drop();
  removeHome(home);
});

it('finds every one of 64 tamperings of every kind, and no other', async () => {
  expect(await fillLog(shield, 4)).toBeGreaterThan(800);
  const report = await runTrials(shield, { tamperings: 64, seed: testSeed() });
  expect(report).toMatchObject({ found: 64, placed: 64, falseAlarms: 0, missed: [] });
  expect([...report.byKind.keys()].sort()).toEqual([...KINDS].sort());
});
