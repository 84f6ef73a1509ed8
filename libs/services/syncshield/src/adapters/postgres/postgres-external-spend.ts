import { kernelErrors } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import type { Page, PageRequest } from '../../application/ledger.js';
import {
  ExternalSpend,
  type ExternalTotal,
  type OpenReport,
  type ReportingOf,
  type TakenReport,
} from '../../application/money-out/external-spend.js';
import {
  externalKey,
  judgeReport,
  type ExternalReport,
  type ExternalState,
} from '../../domain/money-out/external-spend.js';
import { unknownBudget } from '../../domain/replay.js';
import { errors } from '../../errors.js';
import { findBudget, type BudgetRow } from './budget-rows.js';
import {
  keysBelow,
  lockKeys,
  openOfKeys,
  openSince,
  toTotal,
  writeVersions,
  type NewVersion,
} from './external-rows.js';
import { STORE_NOW, storeNowMs } from './store-time.js';
import { NEVER_MS } from './webhook-rows.js';

/** External spend in PostgreSQL. */
export class PostgresExternalSpend extends ExternalSpend {
  constructor(
    private readonly database: Database,
    private readonly storeNow: string = STORE_NOW,
  ) {
    super();
  }

  override take(
    by: ReportingOf,
    reports: readonly ExternalReport[],
  ): Promise<{ taken: TakenReport[]; open: OpenReport[] }> {
    return this.database.transaction(async (tx) => {
      const budget = await findBudget(tx, by.tenant, by.budgetId);
      if (budget === undefined) throw unknownBudget(by.budgetId);
      const nowMs = await storeNowMs(tx, this.storeNow);
      checkReports(budget, reports, nowMs);
      return takeIn(tx, { ...by, budgetNo: budget.budget_no, nowMs }, reports);
    });
  }

  override left(olderThanMs: number, limit: number): Promise<OpenReport[]> {
    return openSince(this.database, this.storeNow, olderThanMs, limit);
  }

  override async recorded(reports: readonly OpenReport[]): Promise<void> {
    if (reports.length === 0) return;
    await this.database.execute(
      `UPDATE external_reports SET is_applied = true
        WHERE NOT is_applied AND (tenant, key_no, version) IN
              (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]))`,
      [
        reports.map(({ tenant }) => tenant),
        ...[reports.map(({ keyNo }) => keyNo), reports.map(({ version }) => version)],
      ],
    );
  }

  override async list(
    tenant: string,
    filter: { readonly budgetId: string; readonly source?: string | undefined },
    { after, limit }: PageRequest,
  ): Promise<Page<ExternalTotal>> {
    const budget = await findBudget(this.database, tenant, filter.budgetId);
    if (budget === undefined) throw unknownBudget(filter.budgetId);
    const below = after === undefined ? NEVER_MS : BigInt(after);
    const wanted = { source: filter.source, below, limit: limit + 1 };
    const rows = await keysBelow(this.database, budget.budget_no, wanted);
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items: shown.map(toTotal), ...(hasMore ? { next: last.key_no.toString() } : {}) };
  }
}

async function takeIn(
  tx: Queryable,
  by: ReportingOf & { readonly budgetNo: bigint; readonly nowMs: number },
  reports: readonly ExternalReport[],
): Promise<{ taken: TakenReport[]; open: OpenReport[] }> {
  const rows = await lockKeys(tx, by, reports);
  const keyNos = new Map(rows.map((row) => [externalKey(toTotal(row)), row.key_no]));
  const states = new Map<bigint, ExternalState>(rows.map((row) => [row.key_no, toTotal(row)]));
  const versions: NewVersion[] = [];
  const known: { keyNo: bigint; version: bigint }[] = [];
  const places: { keyNo: bigint; version: bigint; status: TakenReport['status'] }[] = [];
  for (const report of reports) {
    const keyNo = keyNos.get(externalKey(report));
    const state = keyNo === undefined ? undefined : states.get(keyNo);
    if (keyNo === undefined || state === undefined)
      throw kernelErrors.internal('A key is missing.');
    const { version, amountMicros, isCovered } = report;
    const judged = judgeReport(state, report);
    if (judged.kind === 'taken') {
      states.set(keyNo, judged.state);
      const { deltaMicros } = judged;
      versions.push({ keyNo, version, amountMicros, isCovered, deltaMicros });
    } else if (judged.kind === 'known') known.push({ keyNo, version });
    const isKept = judged.kind === 'taken' || judged.kind === 'known';
    places.push({ keyNo, version, status: isKept ? 'recorded' : judged.kind });
  }
  await writeVersions(tx, by, states, versions);
  const open = await openOfKeys(tx, by.budgetNo, [...states.keys()], [...known]);
  const deltas = new Map(
    [...versions, ...open].map((of) => [`${of.keyNo} ${of.version}`, of.deltaMicros]),
  );
  const taken = places.map(({ keyNo, version, status }): TakenReport => {
    const deltaMicros = deltas.get(`${keyNo} ${version}`) ?? 0n;
    const isChanging = status !== 'recorded' || deltaMicros !== 0n;
    return { keyNo, version, deltaMicros, status: isChanging ? status : 'unchanged' };
  });
  return { taken, open };
}

function checkReports(budget: BudgetRow, reports: readonly ExternalReport[], nowMs: number): void {
  for (const [index, { currency, fromMs, day }] of reports.entries()) {
    if (currency !== budget.currency) {
      throw kernelErrors.currency_mismatch(
        `Budget "${budget.id}" is in ${budget.currency}, not in ${currency}.`,
        { fields: [{ field: `reports[${index}].currency`, expected: budget.currency }] },
      );
    }
    if (fromMs > nowMs) {
      const field = `reports[${index}].${day === undefined ? 'from' : 'day'}`;
      throw errors.external_spend_invalid('The interval has not begun yet.', {
        fields: [{ field, expected: 'a time that has begun' }],
      });
    }
  }
}
