import type { CustomerScores } from './customer-scores.js';
import type { DriftBoard } from './drift-board.js';
import type { RefreshScores } from './refresh-scores.js';

/** Brings the tables of values of all tenants up to date and shows the drift that they found. */
export class ScoreUpkeep {
  constructor(
    private readonly scores: CustomerScores,
    private readonly refresh: RefreshScores,
    private readonly board: DriftBoard,
  ) {}

  /** One tenant's failure does not keep the others from their turn. @throws the first failure, at the end */
  async execute(signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const tenant of await this.scores.tenants()) {
      signal.throwIfAborted();
      await this.refresh.execute(tenant, signal).catch((error: unknown) => failures.push(error));
    }
    const drifts = [...(await this.scores.passes())].flatMap(([tenant, { drift }]) =>
      drift === undefined ? [] : [[tenant, drift] as const],
    );
    this.board.show(drifts);
    if (failures.length > 0) throw failures[0];
  }
}
