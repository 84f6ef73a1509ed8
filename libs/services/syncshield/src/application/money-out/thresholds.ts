/** The shares of the limits of a budget that are told, percent. */
export interface ThresholdSettings {
  readonly percents: readonly number[];
  /** Nothing was set. */
  readonly isDefault: boolean;
}

/** Which crossings are told. */
export abstract class Thresholds {
  /** @throws budget_not_found */
  abstract get(tenant: string, budgetId: string): Promise<ThresholdSettings>;
  /** Replaces them, with an audit record; in force for every decision from then on. @throws budget_not_found */
  abstract replace(
    change: { readonly tenant: string; readonly id: string; readonly actor: string },
    percents: readonly number[],
  ): Promise<ThresholdSettings>;
}
