/**
 * Goal: the main job of SyncValue holds over its real door: an order log in, a fitted and scored model, the
 * same predictions again and again. Method: the service started by the host on a real PostgreSQL, spoken to
 * over gRPC with real keys; CDNOW where it is there, otherwise small logs.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  customerById,
  FallbackReason,
  ModelKind,
  ModelLabel,
  NegativeAmountPolicy,
  TransactionKind,
  type Transaction,
} from '@kiki/contract-syncvalue';
import { SeededRandom } from '@kiki/kernel';
import type { ConnectionOptions } from '@kiki/postgres';
import { readOrderLog } from '@kiki/orderlog';
import {
  debianPostgresMissing,
  describeUnless,
  describeWithData,
  startDebianPostgres,
  waitFor,
} from '@kiki/testing';
import { readFileSync } from 'node:fs';
import { codeOf, row, startService, type TestService } from './service.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

/** A small log that can be fitted: 200 customers over two years. */
function smallLog(seed: number): Transaction[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: 200 }, (_, i) => {
    const [count, first] = [1 + random.nextInt(8), random.nextInt(300)];
    return Array.from({ length: count }, (__, k) => {
      const day = new Date(Date.UTC(2024, 0, 1 + first + k * (1 + random.nextInt(60))));
      return row(`c${i}`, day.toISOString(), 5 + random.nextInt(5000) / 100);
    });
  }).flat();
}

describe('SyncValue over gRPC', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService();
  });

  afterAll(() => service.stop());

  it('has no answer before there is a model, and says which', async () => {
    expect(await codeOf(service.client.predict(customerById('a')))).toBe('model_missing');
    expect(await codeOf(service.client.fitModel())).toBe('no_transactions');
    expect(await codeOf(service.client.getCustomer('a'))).toBe('customer_not_found');
    expect(await codeOf(service.client.getModel({ $case: 'modelVersion', value: 'v9' }))).toBe(
      'model_not_found',
    );
  });

  it('counts every row once, however often, in however many streams and processes it is sent', async () => {
    const other = await service.startAgain();
    try {
      const here = await service.clientWith(['value:write'], 'once');
      const there = await service.clientWith(['value:write'], 'once', other);
      const log = smallLog(1).map((order, i) => ({ ...order, transactionId: `t${i}` }));
      const streams = [log, [...log].reverse(), [...log.slice(100), ...log.slice(0, 150)]];
      const reports = await Promise.all(
        streams.map((stream, i) =>
          (i === 1 ? there : here).ingest(stream, {}, { chunkSize: 70 + 30 * i }),
        ),
      );
      const sum = (field: 'storedCount' | 'duplicateCount'): number =>
        reports.reduce((all, report) => all + Number(report[field]), 0);
      expect(sum('storedCount')).toBe(log.length);
      expect(sum('duplicateCount')).toBe(streams.flat().length - log.length);
      const again = await here.ingest(log);
      expect(again).toMatchObject({ storedCount: 0n, duplicateCount: BigInt(log.length) });
      const [counted] = await service.db.database.query(
        `SELECT (SELECT transaction_count FROM syncvalue.ledgers WHERE tenant = 'once') AS ledger,
                (SELECT count(*) FROM syncvalue.transactions WHERE tenant = 'once') AS rows,
                (SELECT sum(transaction_count)::bigint FROM syncvalue.customers WHERE tenant = 'once') AS states`,
      );
      const all = BigInt(log.length);
      expect(counted).toEqual({ ledger: all, rows: all, states: all });
    } finally {
      await other.stop();
    }
  });

  it('gives rows without an id the same id in a repeated stream, and equal rows different ones', async () => {
    const client = await service.clientWith(['value:write'], 'derived');
    const twice = [row('a', '2025-01-01', 5), row('a', '2025-01-01', 5), row('a', '2025-02-01', 5)];
    expect(await client.ingest(twice)).toMatchObject({ storedCount: 3n, customerCount: 1n });
    expect(await client.ingest(twice)).toMatchObject({ storedCount: 0n, duplicateCount: 3n });
    const { customer } = await client.getCustomer('a');
    expect(customer).toMatchObject({
      repeatPurchases: 1,
      transactionCount: 3n,
      totalSpendMicros: 15_000_000n,
      meanRepeatSpendMicros: 5_000_000n,
    });
  });

  it('tells each bad row by its place and code, and takes the others', async () => {
    const client = await service.clientWith(['value:write'], 'bad-rows');
    const report = await client.ingest(
      [
        row('good', '2025-01-01', 5, { transactionId: 'g1' }),
        row('', '2025-01-01', 5),
        row('x'.repeat(129), '2025-01-01', 5),
        row('neg', '2025-01-01', -5),
        row('neg', '2025-01-01', -5, { kind: TransactionKind.PURCHASE }),
        row('eur', '2025-01-01', 5, { currency: 'EUR' }),
        row('cur', '2025-01-01', 5, { currency: 'dollars' }),
        row('old', '1800-01-01', 5),
        row('none', '2025-01-01', 5, { occurredAt: undefined }),
        row('future', '2999-01-01', 5),
        row('huge', '2025-01-01', 5, { amountMicros: 2n ** 60n }),
        row('good', '2025-01-01', 6, { transactionId: 'g1' }),
        row('good', '2025-01-02', 7, { transactionId: 'g2' }),
      ],
      {},
      { chunkSize: 4 },
    );
    expect(report).toMatchObject({ receivedCount: 13n, storedCount: 2n, rejectedCount: 11n });
    expect(
      report.errors.map(({ rowIndex, code, field }) => [Number(rowIndex), code, field]),
    ).toEqual([
      [1, 'customer_id_invalid', 'customer_id'],
      [2, 'customer_id_invalid', 'customer_id'],
      [3, 'amount_negative', 'amount_micros'],
      [4, 'amount_negative', 'amount_micros'],
      [5, 'currency_mismatch', 'currency'],
      [6, 'order_currency_invalid', 'currency'],
      [7, 'date_invalid', 'occurred_at'],
      [8, 'date_invalid', 'occurred_at'],
      [9, 'date_in_future', 'occurred_at'],
      [10, 'amount_invalid', 'amount_micros'],
      [11, 'transaction_conflict', 'transaction_id'],
    ]);
  });

  it('nets declared refunds, whatever their sign and order of arrival', async () => {
    const client = await service.clientWith(['value:write'], 'refunds');
    const policy = { negativeAmountPolicy: NegativeAmountPolicy.REFUND };
    await client.ingest([row('a', '2025-03-01', -4)], policy);
    expect((await client.getCustomer('a')).customer).toMatchObject({
      repeatPurchases: 0,
      totalSpendMicros: 0n,
      firstPurchaseAt: undefined,
      refundCount: 1n,
    });
    await client.ingest([row('a', '2025-02-01', 10), row('a', '2025-01-01', 20)], policy);
    const refund = row('a', '2025-02-02', 3, { kind: TransactionKind.REFUND });
    await client.ingest([refund], policy);
    expect((await client.getCustomer('a')).customer).toMatchObject({
      repeatPurchases: 1,
      recencyDays: 31,
      ageDays: 59,
      totalSpendMicros: 23_000_000n,
      meanRepeatSpendMicros: 3_000_000n,
      transactionCount: 4n,
      refundCount: 2n,
    });
    const before = (await client.getCustomer('a', new Date('2025-02-10'))).customer;
    expect(before).toMatchObject({ totalSpendMicros: 27_000_000n, ageDays: 40 });
  });

  it('merges by the calendar days of the time zone that the first rows fixed', async () => {
    const client = await service.clientWith(['value:write'], 'zones');
    const evening = [row('a', '2025-01-01T22:30:00Z', 5), row('a', '2025-01-01T23:30:00Z', 5)];
    await client.ingest(evening, { timeZone: 'Europe/Berlin' });
    expect((await client.getCustomer('a')).customer).toMatchObject({ repeatPurchases: 1 });
    expect(await codeOf(client.ingest(evening, { timeZone: 'UTC' }))).toBe('time_zone_fixed');
    expect(await codeOf(client.ingest(evening, { timeZone: 'Mars/Base' }))).toBe(
      'time_zone_invalid',
    );
    expect(await client.ingest(evening)).toMatchObject({ duplicateCount: 2n });
  });

  it('knows UTC by its other names', async () => {
    const client = await service.clientWith(['value:write'], 'utc');
    for (const timeZone of ['', 'Etc/UTC', 'UTC', 'utc', 'GMT']) {
      const report = await client.ingest([row('a', '2025-01-01', 5)], { timeZone });
      expect(report.receivedCount).toBe(1n);
    }
  });

  it('keeps ids as they are, whatever is in them', async () => {
    const client = await service.clientWith(['value:write'], 'ids');
    const ids = [
      'NULL',
      'null',
      '{a}',
      'a"b',
      'a\\b',
      'a,b',
      'é',
      'e\u0301',
      "'; --",
      ' ',
      '🙂'.repeat(64),
    ];
    const log = ids.map((id) => row(id, '2025-01-01', 5, { transactionId: id }));
    expect(await client.ingest(log)).toMatchObject({
      storedCount: 11n,
      customerCount: 11n,
      errors: [],
    });
    for (const id of ids) {
      expect((await client.getCustomer(id)).customer).toMatchObject({
        customerId: id,
        transactionCount: 1n,
      });
    }
  });

  it('keeps states that equal a rebuild from the transactions', async () => {
    const client = await service.clientWith(['value:write'], 'rebuild');
    const random = new SeededRandom(5);
    const rows = Array.from({ length: 400 }, () =>
      row(
        `c${random.nextInt(12)}`,
        new Date(Date.UTC(2025, 0, 1 + random.nextInt(90), random.nextInt(24))).toISOString(),
        random.nextInt(3000) / 100,
        random.nextInt(5) === 0 ? { kind: TransactionKind.REFUND } : {},
      ),
    );
    for (let i = 0; i < rows.length; i += 57) await client.ingest(rows.slice(i, i + 57));
    const states = `SELECT customer_id, first_day, last_day, frequency, repeat_micros, total_micros,
      transaction_count, refund_count FROM syncvalue.customers WHERE tenant = $1 ORDER BY customer_id`;
    const incremental = await service.db.database.query(states, ['rebuild']);
    const whole = await service.clientWith(['value:write'], 'whole');
    await whole.ingest([...rows].reverse(), {}, { chunkSize: 10_000 });
    expect(await service.db.database.query(states, ['whole'])).toEqual(incremental);
    expect(incremental).toHaveLength(12);
  });

  it('refuses, from its process, what cannot be fitted, and windows that the log does not have', async () => {
    const client = await service.clientWith(['value:write'], 'few');
    await client.ingest([row('a', '2025-01-01', 5), row('b', '2025-03-01', 5)]);
    expect(await codeOf(client.fitModel())).toBe('clv_not_enough_data');
    expect(await codeOf(client.backtest())).toBe('clv_not_enough_data');
    expect(await codeOf(client.backtest({ originCount: 99 }))).toBe('backtest_window_invalid');
    expect(await codeOf(client.fitModel({ kind: ModelKind.BGBB }))).toBe('model_kind_unsupported');
    const { models } = await client.listModels();
    expect(models).toEqual([]);
  });

  it('takes nothing of a message that is too large', async () => {
    const client = await service.clientWith(['value:write'], 'large');
    const rows = Array.from({ length: 10_001 }, (_, i) => row(`c${i}`, '2025-01-01', 1));
    expect(await codeOf(client.ingest(rows, {}, { chunkSize: 20_000 }))).toBe('batch_too_large');
    expect(await codeOf(client.getCustomer('c1'))).toBe('customer_not_found');
    const many = rows.map(({ customerId }) => customerById(customerId));
    expect(await codeOf(client.predictBatch(many))).toBe('batch_too_large');
  });

  it('shows its own metrics and readiness', async () => {
    const url = service.host.service('syncvalue').httpUrl;
    const ready = (await (await fetch(`${url}/ready`)).json()) as { checks: object };
    expect(ready).toMatchObject({ status: 'ready', checks: { models: { status: 'up' } } });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/kiki_syncvalue_transactions_total\{outcome="stored"\} [1-9]/);
    expect(metrics).toMatch(/kiki_syncvalue_model_job_duration_seconds_count\{/);
  });

  describe('with a fitted model', () => {
    beforeAll(async () => {
      await service.client.ingest(smallLog(2), { source: 'spec' });
      await service.client.fitModel({ kind: ModelKind.BGNBD });
    });

    it('stamps the first model as champion and later ones only when asked', async () => {
      const progress: string[] = [];
      const second = await service.client.fitModel(
        { kind: ModelKind.BGNBD },
        { onProgress: ({ stage }) => progress.push(stage) },
      );
      expect(second).toMatchObject({ modelVersion: 'v2', labels: [], currency: 'USD' });
      expect(new Set(progress)).toEqual(
        new Set(['reading', 'purchase_model', 'spend_model', 'population', 'backtest', 'storing']),
      );
      const { models, nextPageToken } = await service.client.listModels({ pageSize: 1 });
      expect(models.map(({ modelVersion }) => modelVersion)).toEqual(['v2']);
      const rest = await service.client.listModels({ pageSize: 1, pageToken: nextPageToken });
      expect(rest).toMatchObject({ models: [{ modelVersion: 'v1' }], nextPageToken: '' });
      expect(rest.models[0]?.labels).toEqual([ModelLabel.CHAMPION]);
      expect(second.dataSha256).toBe(rest.models[0]?.dataSha256);
      expect(second.parameters).toEqual(rest.models[0]?.parameters);
    });

    it('answers a mixed batch in order, each item with its own outcome', async () => {
      const { results, model } = await service.client.predictBatch([
        customerById('c3'),
        customerById('nobody'),
        customerById(''),
        { subject: undefined, acquisition: undefined },
        statistics(2, 30, 60),
        statistics(2, 90, 60),
        statistics(2, NaN, 60),
        statistics(0, 0, 60, 7n),
      ]);
      const answers = results.map(({ outcome }) =>
        outcome?.$case === 'prediction'
          ? FallbackReason[outcome.value.fallbackReason]
          : `${outcome?.value.code} ${outcome?.value.field}`,
      );
      expect(answers).toEqual([
        'UNSPECIFIED',
        'COLD_START',
        'customer_id_invalid customer_id',
        'customer_query_invalid subject',
        'POPULATION_SPEND',
        'statistics_invalid recency_days',
        'statistics_invalid recency_days',
        'UNSPECIFIED',
      ]);
      expect(model).toMatchObject({ modelVersion: 'v1', isStale: false, unseenDataSeconds: 0n });
    });

    it('predicts a known customer as it predicts the same statistics', async () => {
      const { customer } = await service.client.getCustomer('c3');
      const byId = await service.client.predict(customerById('c3'));
      const { repeatPurchases = 0, recencyDays = 0, ageDays = 0 } = customer ?? {};
      const same = statistics(
        repeatPurchases,
        recencyDays,
        ageDays,
        customer?.meanRepeatSpendMicros,
      );
      const byStatistics = await service.client.predict(same);
      expect(byStatistics.prediction?.expectedPurchases).toBe(byId.prediction?.expectedPurchases);
      expect(byStatistics.prediction?.aliveProbability).toBe(byId.prediction?.aliveProbability);
      const difference = Number(
        (byStatistics.prediction?.ltvMicros ?? 0n) - (byId.prediction?.ltvMicros ?? 0n),
      );
      // The mean spend travels in whole micros.
      expect(Math.abs(difference)).toBeLessThan(10);
    });

    it('streams chunks in order and keeps the options of the first', async () => {
      const ids = Array.from({ length: 200 }, (_, i) => customerById(`c${i}`));
      const chunks = [];
      for await (const answer of service.client.predictStream(
        ids,
        { horizonDays: 10 },
        { chunkSize: 30 },
      )) {
        chunks.push(answer.results);
      }
      expect(chunks.map(({ length }) => length)).toEqual([30, 30, 30, 30, 30, 30, 20]);
      const whole = await service.client.predictBatch(ids, { horizonDays: 10 });
      expect(chunks.flat()).toEqual(whole.results);
    });

    it('explains a value by factors whose product it is and by shares that sum to it', async () => {
      const { prediction, explanation } = await service.client.explain(customerById('c3'), {
        margin: 0.3,
      });
      const f = explanation?.factors;
      const product =
        (f?.aliveProbability ?? NaN) *
        (f?.expectedPurchasesIfAlive ?? NaN) *
        (f?.expectedSpend ?? NaN) *
        (f?.margin ?? NaN) *
        (f?.discountFactor ?? NaN);
      expect(Math.abs(product / (f?.value ?? NaN) - 1)).toBeLessThan(1e-9);
      expect(Number(prediction?.ltvMicros)).toBe(Math.round((f?.value ?? NaN) * 1e6));
      const sum =
        explanation?.contributions.reduce((all, { valueDelta }) => all + valueDelta, 0) ?? NaN;
      expect(sum + (explanation?.populationValue ?? NaN)).toBeCloseTo(f?.value ?? NaN, 9);
      expect(explanation?.sentence).toMatch(/^Worth \d+\.\d\d USD within 365\.25 days: /);
    });

    it('refuses options out of range, each by name', async () => {
      const bad = { horizonDays: NaN, annualDiscountRate: -1, margin: 0, quantiles: [2] };
      const error = await service.client.predict(customerById('c3'), bad).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'prediction_options_invalid' });
      const { fields } = (error as { details: { fields: { field: string }[] } }).details;
      expect(fields.map(({ field }) => field)).toEqual([
        'options.horizon_days',
        'options.annual_discount_rate',
        'options.margin',
        'options.quantiles',
      ]);
      expect(await codeOf(service.client.predictBatch([]))).toBe('invalid_request');
    });

    it('looks from an earlier day without seeing what came later', async () => {
      const asOf = new Date('2024-08-01');
      const { customer } = await service.client.getCustomer('c3', asOf);
      const { prediction } = await service.client.predict(customerById('c3'), { asOf });
      const { repeatPurchases = 0, recencyDays = 0, ageDays = 0 } = customer ?? {};
      const same = await service.client.predict(statistics(repeatPurchases, recencyDays, ageDays));
      expect(prediction?.expectedPurchases).toBe(same.prediction?.expectedPurchases);
      expect(prediction?.asOf).toEqual(asOf);
    });

    it('keeps tenants apart', async () => {
      const other = await service.clientWith(['value:write', 'value:admin'], 'stranger');
      expect(await codeOf(other.predict(customerById('c3')))).toBe('model_missing');
      expect(await codeOf(other.getCustomer('c3'))).toBe('customer_not_found');
      expect(await codeOf(other.promoteModel({ modelVersion: 'v1' }))).toBe('model_not_found');
    });

    it('asks for the scope that each call needs', async () => {
      const reader = await service.clientWith(['value:read']);
      expect((await reader.predict(customerById('c3'))).model?.modelVersion).toBe('v1');
      expect(await codeOf(reader.ingest([]))).toBe('scope_missing');
      expect(await codeOf(reader.fitModel())).toBe('scope_missing');
      const writer = await service.clientWith(['value:write']);
      expect(await codeOf(writer.fitModel({ label: ModelLabel.CHAMPION }))).toBe('scope_missing');
      expect(await codeOf(writer.promoteModel({ modelVersion: 'v2' }))).toBe('scope_missing');
    });

    it('moves a label once among racing promotions, at once for every process', async () => {
      const other = await service.startAgain();
      try {
        const elsewhere = service.clientOf(other);
        const version = async () =>
          (await elsewhere.predict(customerById('c3'))).model?.modelVersion;
        expect(await version()).toBe('v1');
        const force = { isForced: true, reason: 'a race' };
        const moves = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            (i % 2 === 0 ? service.client : elsewhere)
              .promoteModel({ modelVersion: 'v2', expectedCurrentVersion: 'v1', ...force })
              .then(({ previousVersion }) => previousVersion)
              .catch((error: { code: string }) => error.code),
          ),
        );
        expect(moves.sort()).toEqual([...Array<string>(7).fill('label_moved'), 'v1']);
        expect(await version()).toBe('v2');
        const moved = await service.db.database.query(
          `SELECT label, version, previous_version FROM syncvalue.label_moves WHERE tenant = 'default' ORDER BY id`,
        );
        expect(moved).toEqual([
          { label: 'champion', version: 'v1', previous_version: null },
          { label: 'champion', version: 'v2', previous_version: 'v1' },
        ]);
      } finally {
        await other.stop();
      }
    });

    it('never changes a stored model', async () => {
      const change = `UPDATE syncvalue.models SET artefact = '{}' WHERE tenant = 'default'`;
      await expect(service.db.database.execute(change)).rejects.toThrow('never changes');
    });

    it('ends a fit whose caller leaves and stores nothing', async () => {
      const before = await service.client.listModels();
      const leave = new AbortController();
      const onProgress = ({ stage }: { stage: string }): void => {
        if (stage === 'purchase_model') leave.abort();
      };
      const work = service.client.fitModel({}, { signal: leave.signal, onProgress });
      expect(await codeOf(work)).toBe('cancelled');
      // The next fit gets the slot that the left one must have given back.
      const { modelVersion } = await service.client.fitModel({ label: ModelLabel.CHALLENGER });
      const after = await service.client.listModels();
      expect(after.models).toHaveLength(before.models.length + 1);
      expect(after.models[0]).toMatchObject({ modelVersion, labels: [ModelLabel.CHALLENGER] });
    });

    it('answers a deadline that cannot be kept with its code', async () => {
      const call = { deadlineMs: 1 };
      expect(await codeOf(service.client.fitModel({}, call))).toBe('deadline_exceeded');
    });

    it('gives every slot back, at whatever stage a caller leaves or a deadline ends', async () => {
      for (const left of ['reading', 'purchase_model', 'backtest']) {
        const leave = new AbortController();
        const onProgress = ({ stage }: { stage: string }): void => {
          if (stage === left) leave.abort();
        };
        const work = service.client.fitModel({}, { signal: leave.signal, onProgress });
        expect(await codeOf(work)).toBe('cancelled');
      }
      // Whichever of these are kept: some end before, some while a process is at it, some while they wait for one.
      const deadlines = [5, 20, 50, 100, 150, 200, 300, 400];
      const ends = await Promise.all(
        deadlines.map((deadlineMs) =>
          service.client.fitModel({}, { deadlineMs }).then(
            () => 'fitted',
            (error: { code?: string }) => error.code,
          ),
        ),
      );
      expect(ends).toContain('deadline_exceeded');
      expect(ends.every((end) => end === 'fitted' || end === 'deadline_exceeded')).toBe(true);
      const url = service.host.service('syncvalue').httpUrl;
      await waitFor(async () => {
        const ready = (await (await fetch(`${url}/ready`)).json()) as {
          checks: { models: { jobsRunning: number } };
        };
        return ready.checks.models.jobsRunning === 0;
      });
      expect((await service.client.fitModel()).modelVersion).toMatch(/^v\d+$/);
    });
  });
});

function statistics(
  repeatPurchases: number,
  recencyDays: number,
  ageDays: number,
  meanRepeatSpendMicros?: bigint,
) {
  const value = { repeatPurchases, recencyDays, ageDays, meanRepeatSpendMicros };
  return { subject: { $case: 'statistics' as const, value }, acquisition: undefined };
}

/** The facts of a model fitted to a log, and all predictions; ids that locales would sort in different orders. */
async function bitsOf({ client }: TestService): Promise<object> {
  const log = smallLog(4).map((order, i) => ({
    ...order,
    customerId: `${['Ä', 'a', 'B', '_', '-'][i % 5]}${order.customerId}`,
  }));
  await client.ingest(log);
  const { parameters, spendParameters, dataSha256, population } = await client.fitModel({
    kind: ModelKind.BGNBD,
  });
  const ids = [...new Set(log.map(({ customerId }) => customerId))];
  const { results } = await client.predictBatch(ids.map(customerById));
  return { parameters, spendParameters, dataSha256, population, results };
}

describeUnless(debianPostgresMissing(), "SyncValue on the machine's PostgreSQL", () => {
  it('gives the bits that the embedded server gives', async () => {
    const stops: (() => Promise<void>)[] = [];
    const run = async (connection?: ConnectionOptions): Promise<object> => {
      const service = await startService(connection && { connection });
      stops.unshift(() => service.stop());
      return bitsOf(service);
    };
    try {
      const server = await startDebianPostgres();
      if (server === undefined) throw new Error('it was there a moment ago');
      stops.push(() => server.stop());
      expect(await run(server.connection)).toEqual(await run());
    } finally {
      for (const stop of stops) await stop();
    }
  });
});

describeWithData('ltv/CDNOW_master.txt', 'CDNOW end to end', (path) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService();
  });

  afterAll(() => service.stop());

  it('ingests, fits, scores and predicts, the second time with the same bits', async () => {
    const { client } = service;
    const { rows } = readOrderLog(readFileSync(path), { currency: 'USD' });
    const log = rows.map((order): Transaction => ({
      transactionId: order.transactionId,
      customerId: order.customerId,
      occurredAt: new Date(order.atMs),
      amountMicros: order.amountMicros ?? 0n,
      currency: 'USD',
      kind: TransactionKind.UNSPECIFIED,
      acquisition: undefined,
    }));
    const report = await client.ingest(log, { source: 'CDNOW_master.txt' });
    expect(report).toMatchObject({ storedCount: 69_659n, customerCount: 23_570n, errors: [] });

    const calibrationEnd = new Date('1997-09-30');
    const { windows } = await client.backtest({ kind: ModelKind.BGNBD, calibrationEnd });
    const [window] = windows;
    expect(window?.metrics).toMatchObject({
      horizonDays: 273,
      customerCount: 23_570n,
      actualPurchases: 19_684,
      actualSpendMicros: 776_961_130_000n,
    });
    expect(window?.metrics?.mae).toBeLessThanOrEqual(0.83);
    expect(window?.metrics?.normalizedGini).toBeGreaterThanOrEqual(0.66);
    expect(window?.baselines[0]?.metrics?.mae).toBeCloseTo(1.0381, 3);

    const past = await client.fitModel({ kind: ModelKind.BGNBD, calibrationEnd });
    expect(Math.abs((past.logLikelihood ?? NaN) + 95_368.44)).toBeLessThan(0.05);
    expect(past).toMatchObject({ customerCount: 23_570n, isDropoutIdentified: true });

    const queries = log.slice(0, 20_000).map(({ customerId }) => customerById(customerId));
    const ask = async (): Promise<unknown[]> => {
      const answers: unknown[] = [];
      for await (const { results } of client.predictStream(queries, {}, { chunkSize: 5_000 })) {
        answers.push(...results);
      }
      return answers;
    };
    const fit = { kind: ModelKind.BGNBD, label: ModelLabel.CHAMPION };
    const first = await client.fitModel(fit);
    const answers = await ask();
    const second = await client.fitModel(fit);
    expect(second.modelVersion).not.toBe(first.modelVersion);
    expect(first.artefactBytes).toBeLessThanOrEqual(4_096);
    const own = { modelVersion: '', createdAt: 0, fitDurationMs: 0, artefactBytes: 0, labels: [] };
    expect({ ...second, ...own }).toEqual({ ...first, ...own });
    expect(second.labels).toEqual([ModelLabel.CHAMPION]);
    expect(await ask()).toEqual(answers);
  });
});
