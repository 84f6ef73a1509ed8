/**
 * Goal: a refit is made when it is due and the log has grown, and its end is recorded whatever becomes of it.
 * Method: fakes of the ports, a clock that the test moves.
 */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@kiki/testing';
import { errors } from '../errors.js';
import type { FitModel, FitRequest } from './fit-model.js';
import type { Ledger } from './ledger.js';
import type { Models } from './models.js';
import type { PromoteModel } from './promote-model.js';
import {
  RefitModels,
  RefitObserver,
  RefitRuns,
  type RefitEnd,
  type RefitRun,
} from './refit-models.js';

const HOUR_MS = 3_600_000;

class Runs extends RefitRuns {
  readonly runs: RefitRun[] = [];
  isTaken = false;

  constructor(private readonly clock: FakeClock) {
    super();
  }
  override tenants() {
    return Promise.resolve(['shop']);
  }
  override async inTurn(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>) {
    if (this.isTaken) return false;
    await work(signal);
    return true;
  }
  override markLost() {
    this.runs.forEach((run, i) => {
      if (run.outcome === 'running') this.runs[i] = { ...run, outcome: 'lost' };
    });
    return Promise.resolve(0);
  }
  override begin() {
    const nothing = { endedAtMs: undefined, version: undefined, errorCode: undefined };
    const run = {
      id: this.runs.length,
      startedAtMs: this.clock.nowMs(),
      outcome: 'running' as const,
    };
    this.runs.push({ ...run, ...nothing, errorMessage: undefined });
    return Promise.resolve(run.id);
  }
  override async end(_tenant: string, id: number, end: RefitEnd): Promise<void> {
    const run = this.runs[id];
    if (run !== undefined) this.runs[id] = { ...run, ...end, endedAtMs: this.clock.nowMs() };
  }
  override list() {
    return Promise.resolve(this.runs.toReversed());
  }
}

class Ends extends RefitObserver {
  readonly outcomes: string[] = [];
  override ended(_tenant: string, { outcome }: RefitEnd): void {
    this.outcomes.push(outcome);
  }
}

function setUp(options: { everyMs?: number; isPromoting?: boolean } = {}) {
  const clock = new FakeClock();
  const state = {
    transactions: 100n,
    fitted: 100,
    /** Models that somebody fitted since, newest first, by recipe. */
    experiments: [] as object[],
    asked: [] as FitRequest[],
    fit: (): Promise<unknown> => Promise.resolve(),
    promotion: (): Promise<unknown> => Promise.resolve(),
  };
  const artefactOf = (transactionCount: number) => ({
    ...{ transactionCount, timeUnit: 'week', requestedKind: 'bg_nbd' },
    ...{ purchase: { kind: 'nbd' }, spend: { kind: 'mean' }, requestedSpendKind: 'gamma_gamma' },
  });
  const champion = { version: 'v1', createdAtMs: clock.nowMs(), artefact: artefactOf(100) };
  const models = {
    get: () => Promise.resolve(champion),
    list: (_tenant: string, { beforeNumber = 0 }: { beforeNumber?: number }) => {
      const newest = artefactOf(Number(state.transactions));
      const tried = state.experiments.map((other) => ({ artefact: { ...newest, ...other } }));
      const all = [...tried, { artefact: artefactOf(state.fitted) }];
      // Two a page, numbered from the newest on.
      const next = beforeNumber + 2;
      const nextNumber = next < all.length ? next : undefined;
      return Promise.resolve({ models: all.slice(beforeNumber, next), nextNumber });
    },
  } as unknown as Models;
  const ledger = {
    view: () => Promise.resolve({ terms: { transactionCount: state.transactions } }),
  } as unknown as Ledger;
  const fits = {
    execute: async (_tenant: string, request: FitRequest) => {
      state.asked.push(request);
      await state.fit();
      state.fitted = Number(state.transactions);
      return { model: { version: `v${state.asked.length + 1}` } };
    },
  } as unknown as FitModel;
  const promotions = { execute: () => state.promotion() } as unknown as PromoteModel;
  const [runs, observer] = [new Runs(clock), new Ends()];
  const { everyMs = HOUR_MS, isPromoting = false } = options;
  const ports = { ledger, models, runs, observer };
  const refits = new RefitModels(ports, fits, promotions, clock, { everyMs, isPromoting });
  const after = async (ms: number, signal = new AbortController().signal): Promise<string[]> => {
    await clock.advance(ms);
    await refits.runDue(signal);
    return runs.runs.map(({ outcome }) => outcome);
  };
  return { state, runs, observer, after };
}

describe('scheduled refits', () => {
  it('come when the champion is old enough and the log has grown, and then not at once again', async () => {
    const { state, after } = setUp();
    expect(await after(2 * HOUR_MS)).toEqual([]);
    state.transactions = 101n;
    expect(await after(0)).toEqual(['challenger']);
    state.transactions = 102n;
    expect(await after(HOUR_MS - 1)).toHaveLength(1);
    expect(await after(1)).toHaveLength(2);
    expect(await after(9 * HOUR_MS)).toHaveLength(2);
  });

  it('are not put off by fits of other recipes, yet by one of the same', async () => {
    const others = [
      { requestedKind: 'pareto_nbd' },
      { requestedSpendKind: 'mean' },
      { timeUnit: 'day' },
      { onnx: {} },
    ];
    const { state, after } = setUp();
    state.transactions = 101n;
    state.experiments = [...others, {}];
    expect(await after(HOUR_MS)).toEqual([]);
    state.experiments = others;
    expect(await after(0)).toEqual(['challenger']);
  });

  it('fit what the champion was asked to be, as challenger', async () => {
    const { state, after } = setUp();
    state.transactions = 101n;
    await after(HOUR_MS);
    expect(state.asked).toEqual([
      {
        ...{
          kind: 'bg_nbd',
          spendKind: 'gamma_gamma',
          timeUnit: 'week',
          calibrationEnd: undefined,
        },
        ...{ label: 'challenger', by: 'scheduled refit', moveKind: 'refit' },
      },
    ]);
  });

  it('never come when switched off, nor while another process is at it', async () => {
    for (const { state, runs, after } of [setUp({ everyMs: 0 }), setUp()]) {
      runs.isTaken = true;
      state.transactions = 101n;
      expect(await after(9 * HOUR_MS)).toEqual([]);
    }
  });

  it('record a promotion, a refusal and a failure', async () => {
    const { state, runs, observer, after } = setUp({ isPromoting: true });
    const ends: [() => Promise<unknown>, () => Promise<unknown>][] = [
      [() => Promise.resolve(), () => Promise.resolve()],
      [() => Promise.resolve(), () => Promise.reject(errors.promotion_refused())],
      [() => Promise.reject(errors.no_transactions()), () => Promise.resolve()],
      [() => Promise.reject(new Error('disk full')), () => Promise.resolve()],
    ];
    for (const [fit, promotion] of ends) {
      Object.assign(state, { fit, promotion });
      state.transactions += 1n;
      await after(HOUR_MS);
    }
    expect(runs.runs.map((run) => [run.outcome, run.version, run.errorCode])).toEqual([
      ['promoted', 'v2', undefined],
      ['refused', 'v3', 'promotion_refused'],
      ['failed', undefined, 'no_transactions'],
      ['failed', undefined, 'fit_failed'],
    ]);
    expect(runs.runs.at(-1)?.errorMessage).toBe('disk full');
    expect(observer.outcomes).toEqual(runs.runs.map(({ outcome }) => outcome));
  });

  it('leave one that was broken off to be found, and try again a quarter of an hour later', async () => {
    const { state, after } = setUp({ everyMs: 24 * HOUR_MS });
    state.transactions = 101n;
    const leave = new AbortController();
    state.fit = () => {
      leave.abort();
      return Promise.reject(new Error('gone'));
    };
    await expect(after(24 * HOUR_MS, leave.signal)).rejects.toThrow('gone');
    state.fit = () => Promise.resolve();
    expect(await after(HOUR_MS / 4 - 1)).toEqual(['lost']);
    expect(await after(1)).toEqual(['lost', 'challenger']);
  });
});
