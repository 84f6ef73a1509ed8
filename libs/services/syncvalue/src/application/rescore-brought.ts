import type { GateBacktest } from './gate-backtest.js';
import type { Ledger } from './ledger.js';
import type { RescoreBrought } from './promote-model.js';

/** Scores brought models on the newest part of their log. */
export function rescoreBrought(ledger: Ledger, backtest: GateBacktest): RescoreBrought {
  return async (tenant, artefact, champion) => {
    const view = await ledger.view(tenant);
    if (view === undefined) return undefined;
    const { terms } = view;
    const question = { artefact, terms, endDay: terms.newestDay, champion };
    const { signal } = new AbortController();
    return backtest.executeGiven(tenant, question, { signal, onProgress: () => undefined });
  };
}
