import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '@kiki/kernel';
import type { ShieldCluster } from './cluster.js';

/** Faults that were injected, by kind. */
export interface FaultLog {
  kills: number;
  serverStops: number;
  cuts: number;
  pauses: number;
  resets: number;
}

type Fault = 'kill' | 'stop the server' | 'cut' | 'pause' | 'reset';

/** How often each is chosen; the full run needs 200 kills, 50 stops and 50 cuts. */
const WEIGHTS: readonly (readonly [Fault, number])[] = [
  ['kill', 0.45],
  ['stop the server', 0.2],
  ['cut', 0.25],
  ['pause', 0.05],
  ['reset', 0.05],
];

/** Longer than a session may idle in a transaction: the paused writer loses its turn. */
const PAUSE_MS = 4_000;
const CUT_FAULTS = ['lose the commit', 'lose the answer', 'hold the answer back'] as const;

/** Injects one fault after the other, drawn from a seed. */
export class Faults {
  readonly log: FaultLog = { kills: 0, serverStops: 0, cuts: 0, pauses: 0, resets: 0 };
  readonly recoveriesMs: number[] = [];

  constructor(
    private readonly cluster: ShieldCluster,
    private readonly random: SeededRandom,
    private readonly note: (line: string) => void,
  ) {}

  get count(): number {
    const { kills, serverStops, cuts, pauses, resets } = this.log;
    return kills + serverStops + cuts + pauses + resets;
  }

  /** One fault; resolves when everything is ready again. */
  async next(): Promise<void> {
    const fault = this.draw();
    const startedMs = performance.now();
    await this.inject(fault);
    const tookMs = performance.now() - startedMs;
    this.recoveriesMs.push(tookMs);
    this.note(`fault ${this.count}: ${fault}; ready again after ${Math.round(tookMs)} ms`);
  }

  private draw(): Fault {
    let left = this.random.nextDouble();
    for (const [fault, weight] of WEIGHTS) {
      left -= weight;
      if (left < 0) return fault;
    }
    return 'kill';
  }

  private inject(fault: Fault): Promise<void> {
    const { replicas } = this.cluster;
    const at = this.random.nextInt(replicas.length);
    switch (fault) {
      case 'kill':
        return this.kill(at);
      case 'stop the server':
        return this.stopServer();
      case 'cut':
        return this.cut(at);
      case 'pause':
        this.log.pauses++;
        return replicas[at]!.pauseFor(PAUSE_MS);
      case 'reset':
        this.log.resets++;
        for (const proxy of this.cluster.proxies) proxy.reset();
        return Promise.resolve();
    }
  }

  private async kill(at: number): Promise<void> {
    const { replicas } = this.cluster;
    // Now and then all of them at once.
    const victims = this.random.nextDouble() < 0.15 ? replicas : [replicas[at]!];
    await Promise.all(victims.map((replica) => replica.kill()));
    this.log.kills += victims.length;
    await Promise.all(victims.map((replica) => replica.start()));
  }

  private async stopServer(): Promise<void> {
    const { replicas } = this.cluster;
    const how = this.random.nextDouble() < 0.5 ? 'immediate' : 'kill';
    const isDouble = this.random.nextDouble() < 0.3;
    const victim = replicas[this.random.nextInt(replicas.length)]!;
    if (this.cluster.stopServer(how)) this.log.serverStops++;
    if (isDouble) {
      await victim.kill();
      this.log.kills++;
      await victim.start();
    }
    await sleep(50);
    await Promise.all(replicas.map((replica) => replica.ready()));
  }

  private async cut(at: number): Promise<void> {
    const proxy = this.cluster.proxies[at]!;
    const before = proxy.cuts;
    proxy.arm(CUT_FAULTS[this.random.nextInt(CUT_FAULTS.length)]!);
    for (let waited = 0; proxy.isArmed && waited < 2_000; waited += 5) await sleep(5);
    this.log.cuts += proxy.cuts - before;
  }
}
