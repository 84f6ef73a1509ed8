import { summarizeShadow, type ShadowSummary } from '../domain/shadow-comparison.js';
import type { Ledger } from './ledger.js';
import type { ShadowSample, ShadowStore, ShadowVersions } from './shadow.js';

/** How the challenger compares with the champion. */
export interface ComparedModels {
  readonly versions: ShadowVersions;
  readonly summary: ShadowSummary;
  readonly sample: ShadowSample;
  readonly currency: string;
}

/** Sums up what the two models said of the same customers. */
export class CompareShadow {
  constructor(
    private readonly ledger: Ledger,
    private readonly store: ShadowStore,
  ) {}

  /** Undefined without a challenger and before anything was compared. */
  async execute(tenant: string): Promise<ComparedModels | undefined> {
    const view = await this.ledger.view(tenant);
    const { champion, challenger } = view?.labels ?? {};
    if (view === undefined || champion === undefined || challenger === undefined) return undefined;
    const versions = { champion, challenger };
    const sample = await this.store.newest(tenant, versions);
    const summary = sample && summarizeShadow(sample.pairs);
    return sample && summary && { versions, summary, sample, currency: view.terms.currency };
  }
}
