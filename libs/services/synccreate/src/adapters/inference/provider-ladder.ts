import { ModelProcess, type Provider } from './model-process.js';
import { SALIENCY_SIDE } from './saliency-graph.js';
import { SELF_TEST_IMAGE, selfTestFault } from './self-test.js';

/** What became of one provider. */
export interface Attempted {
  readonly provider: Provider;
  readonly isChosen: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** How children are started. */
export interface LadderOptions {
  readonly runTimeoutMs: number;
  readonly onEnd: () => void;
}

const START_TIMEOUT_MS = 30_000;
const DIMS = [1, 3, SALIENCY_SIDE, SALIENCY_SIDE];

/**
 * The first provider that loads the model and passes the self-test, each tried in a process of its own:
 * one that crashes takes nothing else along. A provider that is not the CPU must agree with it.
 */
export async function chooseProvider(
  providers: readonly Provider[],
  options: LadderOptions,
): Promise<{ readonly process?: ModelProcess; readonly attempted: readonly Attempted[] }> {
  const attempted: Attempted[] = [];
  let reference: Float32Array | undefined;
  for (const provider of providers) {
    try {
      const process = await start(provider, options);
      if (provider !== 'cpu') reference ??= await cpuReference(options);
      const map = await process.run(SELF_TEST_IMAGE, DIMS);
      const fault = selfTestFault(map, reference);
      if (fault === undefined) {
        return { process, attempted: [...attempted, { provider, isChosen: true }] };
      }
      await process.close();
      attempted.push({ provider, isChosen: false, reason: `self-test: ${fault}` });
    } catch (error) {
      attempted.push({ provider, isChosen: false, reason: reasonOf(error) });
    }
  }
  return { attempted };
}

function start(provider: Provider, { runTimeoutMs, onEnd }: LadderOptions): Promise<ModelProcess> {
  return ModelProcess.start({ provider, startTimeoutMs: START_TIMEOUT_MS, runTimeoutMs, onEnd });
}

async function cpuReference({ runTimeoutMs }: LadderOptions): Promise<Float32Array> {
  const process = await start('cpu', { runTimeoutMs, onEnd: () => undefined });
  try {
    return await process.run(SELF_TEST_IMAGE, DIMS);
  } finally {
    await process.close();
  }
}

/** Short, and without paths of this machine: it is shown in `/ready`. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/(?:\/[\w.@+-]+){2,}\/?/g, '…').slice(0, 160);
}
