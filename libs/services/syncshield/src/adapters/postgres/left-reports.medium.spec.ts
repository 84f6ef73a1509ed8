/**
 * Goal: reports of one tenant that cannot be recorded keep those of no other from it.
 * Method: reports that were taken and not recorded, as a crash leaves them, on a real PostgreSQL; the
 * counters of one tenant are as large as their columns.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '@kiki/kernel';
import { Decide } from '../../application/decide.js';
import { SilentObserver } from '../../application/ledger.conformance.js';
import { ReportExternalSpend } from '../../application/money-out/report-external-spend.js';
import { openFixture, TEST_NOW, type PostgresFixture } from './postgres-ledger.fixture.js';
import { PostgresExternalSpend } from './postgres-external-spend.js';

const LARGEST = 9_223_372_036_854_775_807n;
let of: PostgresFixture;
beforeAll(async () => {
  of = await openFixture();
});
afterAll(() => of.close());

describe('reports that a crash has left', () => {
  it('are carried on although those of another tenant cannot be', async () => {
    const external = new PostgresExternalSpend(of.database, TEST_NOW);
    const decide = new Decide(of.ledger, new SilentObserver(), new SystemClock(), 1_000);
    const spend = new ReportExternalSpend(external, decide, { reported: () => undefined });
    const report = {
      ...{ source: 'ads', account: '', campaignRef: '', fromMs: 0, toMs: 1_000, currency: 'EUR' },
      ...{ version: 1n, amountMicros: 100n, isCovered: false },
    };
    for (const tenant of ['acme', 'other']) {
      await of.budgets.create({ tenant, id: 'b', name: 'b', currency: 'EUR', caps: [] }, 'tester');
      const by = { tenant, budgetId: 'b', actor: 'tester' };
      await spend.execute(by, [report]);
      await external.take(by, [{ ...report, version: 2n, amountMicros: 150n }]);
    }
    await of.database.execute(
      `UPDATE cap_counters SET spent = $1::bigint, excess = $1::bigint - limit_amount
        WHERE tenant = 'acme'`,
      [LARGEST],
    );
    await of.advance(60_000);
    await expect(spend.carryOn()).rejects.toThrow('bigint');
    expect((await of.budgets.get('other', 'b')).spentMicros).toBe(150n);
    const left = await external.left(0, 10);
    expect(left.map(({ tenant, version }) => [tenant, version])).toEqual([['acme', 2n]]);
  });
});
