import { isDeepStrictEqual } from 'node:util';
import { DomainError, type Clock } from '@kiki/kernel';
import type { FittedArtefact } from '../domain/model.js';
import { errors } from '../errors.js';
import type { FitModel, FitRequest } from './fit-model.js';
import type { Ledger } from './ledger.js';
import type { Models, StoredModel } from './models.js';
import { championOf, type PromoteModel } from './promote-model.js';

/** How a scheduled refit ended. */
export type RefitOutcome = 'running' | 'challenger' | 'promoted' | 'refused' | 'failed' | 'lost';

/** One scheduled refit as it is recorded. */
export interface RefitRun {
  readonly id: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly outcome: RefitOutcome;
  readonly version: string | undefined;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
}

/** What became of a refit. */
export type RefitEnd = Pick<RefitRun, 'outcome' | 'version' | 'errorCode' | 'errorMessage'>;

/** The record of scheduled refits, and the turn to make them. */
export abstract class RefitRuns {
  /** Tenants with a champion. */
  abstract tenants(): Promise<string[]>;
  /**
   * Runs `work` while no other process does; false when another one is at it. The turn ends with the process, and
   * `signal` is aborted when it is lost.
   */
  abstract inTurn(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<boolean>;
  /** Marks as lost what runs without a process; call it in turn. */
  abstract markLost(): Promise<number>;
  abstract begin(tenant: string): Promise<number>;
  abstract end(tenant: string, id: number, end: RefitEnd): Promise<void>;
  /** Newest first, one more than `limit` where there are more. */
  abstract list(
    tenant: string,
    page: { readonly limit: number; readonly beforeId: number | undefined },
  ): Promise<RefitRun[]>;
}

/** Told how refits end. */
export abstract class RefitObserver {
  abstract ended(tenant: string, end: RefitEnd): void;
}

/** When refits are made and what becomes of the new model. */
export interface RefitSettings {
  /** 0: never. */
  readonly everyMs: number;
  /** Promote when the gates pass; otherwise the new model stays challenger. */
  readonly isPromoting: boolean;
}

/** Who moves labels here. */
export const REFITTER = 'scheduled refit';
/** A refit whose process died is tried again after this, not at once: it may be what killed it. */
const LOST_RETRY_MS = 900_000;
/** Models looked at at a time. */
const PAGE = 50;

/** Fits the champion's recipe anew, for each tenant whose log has grown, one process at a time. */
export class RefitModels {
  constructor(
    private readonly ports: {
      readonly ledger: Ledger;
      readonly models: Models;
      readonly runs: RefitRuns;
      readonly observer: RefitObserver;
    },
    private readonly fits: FitModel,
    private readonly promotions: PromoteModel,
    private readonly clock: Clock,
    private readonly settings: RefitSettings,
  ) {}

  /** Makes every refit that is due. */
  async runDue(signal: AbortSignal): Promise<void> {
    if (this.settings.everyMs === 0) return;
    const { runs } = this.ports;
    await runs.inTurn(signal, async (turn) => {
      await runs.markLost();
      for (const tenant of await runs.tenants()) {
        turn.throwIfAborted();
        const champion = await this.dueChampion(tenant);
        if (champion !== undefined) await this.run(tenant, champion, turn);
      }
    });
  }

  /** The champion that a tenant's refit starts from; undefined when none is due. */
  private async dueChampion(tenant: string): Promise<FittedModel | undefined> {
    const { ledger, models, runs } = this.ports;
    const champion = await championOf(models, tenant);
    const view = await ledger.view(tenant);
    if (champion === undefined || view === undefined) return undefined;
    // A graph that was brought is trained elsewhere: there is nothing to fit anew.
    if (!isFitted(champion)) return undefined;
    const [last] = await runs.list(tenant, { limit: 1, beforeId: undefined });
    const { everyMs } = this.settings;
    const waitMs = last?.outcome === 'lost' ? Math.min(everyMs, LOST_RETRY_MS) : everyMs;
    const sinceMs = Math.max(champion.createdAtMs, last?.startedAtMs ?? 0);
    if (this.clock.nowMs() - sinceMs < waitMs) return undefined;
    const fittedCount = BigInt(await this.fittedCount(tenant, champion));
    return fittedCount < view.terms.transactionCount ? champion : undefined;
  }

  /** Transactions that the newest model of the champion's recipe has seen; fits of others are no reason to wait. */
  private async fittedCount(tenant: string, champion: FittedModel): Promise<number> {
    const wanted = recipeOf(champion.artefact);
    let beforeNumber: number | undefined;
    do {
      const page = await this.ports.models.list(tenant, { limit: PAGE, beforeNumber });
      const same = page.models.find(
        ({ artefact }) =>
          artefact.onnx === undefined && isDeepStrictEqual(recipeOf(artefact), wanted),
      );
      if (same !== undefined) return same.artefact.transactionCount;
      beforeNumber = page.nextNumber;
    } while (beforeNumber !== undefined);
    return champion.artefact.transactionCount;
  }

  private async run(tenant: string, champion: FittedModel, signal: AbortSignal): Promise<void> {
    const { runs, observer } = this.ports;
    const id = await runs.begin(tenant);
    const end = await this.refit(tenant, champion, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return failure(error);
    });
    await runs.end(tenant, id, end);
    observer.ended(tenant, end);
  }

  private async refit(
    tenant: string,
    { artefact }: FittedModel,
    signal: AbortSignal,
  ): Promise<RefitEnd> {
    const { model } = await this.fits.execute(
      tenant,
      {
        ...recipeOf(artefact),
        calibrationEnd: undefined,
        label: 'challenger',
        by: REFITTER,
        moveKind: 'refit',
      },
      { signal, onProgress: () => undefined },
    );
    const { version } = model;
    const nothing = { version, errorCode: undefined, errorMessage: undefined };
    if (!this.settings.isPromoting) return { ...nothing, outcome: 'challenger' };
    return this.promote(tenant, version);
  }

  private async promote(tenant: string, version: string): Promise<RefitEnd> {
    const nothing = { version, errorCode: undefined, errorMessage: undefined };
    const request = { version, label: 'champion', expectedVersion: undefined } as const;
    const why = { isForced: false, reason: REFITTER, by: REFITTER, kind: 'refit' } as const;
    try {
      await this.promotions.execute(tenant, { ...request, ...why });
      return { ...nothing, outcome: 'promoted' };
    } catch (error) {
      const end = { ...failure(error), version };
      return end.errorCode === 'promotion_refused' ? { ...end, outcome: 'refused' } : end;
    }
  }
}

type FittedModel = StoredModel & { readonly artefact: FittedArtefact };

function isFitted(model: StoredModel): model is FittedModel {
  return model.artefact.onnx === undefined;
}

/** What was asked for when a model was fitted, and is asked for again. */
function recipeOf(artefact: FittedArtefact): Pick<FitRequest, 'kind' | 'spendKind' | 'timeUnit'> {
  return {
    kind: artefact.requestedKind ?? artefact.purchase.kind,
    spendKind: artefact.requestedSpendKind ?? 'gamma_gamma',
    timeUnit: artefact.timeUnit,
  };
}

function failure(error: unknown): RefitEnd {
  const { code, message } = DomainError.is(error)
    ? error
    : errors.fit_failed(error instanceof Error ? error.message : String(error));
  return { outcome: 'failed', version: undefined, errorCode: code, errorMessage: message };
}
