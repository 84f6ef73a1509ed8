import type { Caller } from './caller.js';
import { CURRENCY } from './budgets.js';

const CALLERS = 200;
/** Whose budgets are raced for. */
export const RACE_TENANT = 'races';

/** What the races came to. */
export interface RaceReport {
  readonly races: number;
  /** Races that nobody, or more than one, won. */
  readonly wrong: number;
  readonly acknowledged: number;
}

/** In each race 200 callers ask every replica at once for the last unit of a budget. */
export async function runRaces(
  caller: Caller,
  races: number,
  isOver: () => boolean,
): Promise<RaceReport> {
  let wrong = 0;
  let run = 0;
  const caps = [{ kind: 'total', limitMicros: 1 }];
  for (; run < races && !isOver(); run++) {
    const id = `race-${run}`;
    await caller.insist(RACE_TENANT, '/v1/budgets', { id, name: id, currency: CURRENCY, caps });
    const hold = { budgetId: id, amountMicros: 1, currency: CURRENCY };
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, i) =>
        caller.insist(RACE_TENANT, '/v1/holds', { ...hold, id: `${id}-${i}` }),
      ),
    );
    const won = answers.filter(
      ({ body }) => (body as { decision?: string }).decision === 'approved',
    );
    if (won.length !== 1) wrong++;
  }
  return { races: run, wrong, acknowledged: run * CALLERS };
}
