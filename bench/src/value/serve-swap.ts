import { setTimeout as sleep } from 'node:timers/promises';
import type { CustomerQuery, SyncValueClient } from '@kiki/contract-syncvalue';

/** What came of promoting under load. */
export interface SwapReport {
  readonly calls: number;
  readonly swaps: number;
  readonly failed: number;
  /** Answers that name a version which was not champion at any moment of their call. */
  readonly astray: number;
}

/**
 * A time during which a version may have been the champion: from the promotion's start to the next one's
 * acknowledgement.
 */
interface Reign {
  readonly version: string;
  readonly fromMs: number;
  untilMs: number;
}

const CALLERS = 16;
/** In turn, so that an answer by the version before the last is told from one by the last. */
const VERSIONS = 3;
/** Between promotions, so that for most of the time only one version is right. */
const REIGN_MS = 100;

/** Moves the champion from version to version while callers ask for predictions. */
export async function hotSwap(
  client: SyncValueClient,
  queries: readonly CustomerQuery[],
  seconds: number,
): Promise<SwapReport> {
  const { models } = await client.listModels({ pageSize: VERSIONS });
  const versions = models.map(({ modelVersion }) => modelVersion);
  const now = await client.getModel({ $case: 'label', value: 1 });
  const reigns: Reign[] = [
    { version: now.model?.modelVersion ?? '', fromMs: -Infinity, untilMs: Infinity },
  ];
  const untilMs = performance.now() + seconds * 1000;
  const report = { calls: 0, swaps: 0, failed: 0, astray: 0 };
  const promote = async (): Promise<void> => {
    for (let i = 0; performance.now() < untilMs; i++) {
      const version = versions[i % versions.length] ?? '';
      const last = reigns.at(-1);
      reigns.push({ version, fromMs: performance.now(), untilMs: Infinity });
      await client.promoteModel({ modelVersion: version, isForced: true, reason: 'bench' });
      if (last !== undefined) last.untilMs = performance.now();
      report.swaps++;
      await sleep(REIGN_MS);
    }
  };
  const call = async (caller: number): Promise<void> => {
    for (let i = caller; performance.now() < untilMs; i += CALLERS) {
      const startedMs = performance.now();
      const query = queries[i % queries.length] ?? { subject: undefined, acquisition: undefined };
      report.calls++;
      try {
        const { model } = await client.predict(query);
        const endedMs = performance.now();
        const isChampion = reigns.some(
          (reign) =>
            reign.version === model?.modelVersion &&
            reign.fromMs <= endedMs &&
            reign.untilMs >= startedMs,
        );
        if (!isChampion) report.astray++;
      } catch {
        report.failed++;
      }
    }
  };
  await Promise.all([promote(), ...Array.from({ length: CALLERS }, (_, i) => call(i))]);
  return report;
}
