import { fork, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@kiki/kernel';
import type { NodeOrder } from './leases-node-main.js';
import type { LeaseShield } from './leases-shield.js';

/** Longest time that a killed node stays away; longer than the grace of a lease, milliseconds. */
const LONGEST_AWAY_MS = 8_000;
const LONGEST_LIFE_MS = 9_000;
/** Longer than any lease, milliseconds. */
const QUIET_MS = 8_000;

/** How one run of nodes is set up. */
export interface NodesPlan {
  readonly nodes: number;
  readonly order: Omit<NodeOrder, 'nodeId' | 'incarnation'>;
  readonly seed: number;
}

/** Nodes that spend from one budget and are killed and started again at random. */
export class LeaseNodes {
  kills = 0;
  /** From a kill until the last lease of the killed process was closed, milliseconds. */
  readonly strandedMs: number[] = [];
  private readonly random: SeededRandom;
  private readonly states = new Map<string, string>();
  private readonly watches: Promise<void>[] = [];
  private isStopped = false;

  constructor(
    private readonly shield: LeaseShield,
    private readonly plan: NodesPlan,
  ) {
    this.random = new SeededRandom(plan.seed);
  }

  /** Runs until the budget is used up everywhere or the time is over, then stops all in order. */
  async run(untilMs: number): Promise<void> {
    const lives = Array.from({ length: this.plan.nodes }, (_, i) => this.live(`node-${i}`));
    // What killed nodes had leased comes back: only what stays used up is used up.
    for (let overMs = 0; performance.now() < untilMs && overMs < QUIET_MS;) {
      await sleep(100);
      overMs = this.isOver() ? overMs + 100 : 0;
    }
    this.isStopped = true;
    await Promise.all(lives);
    await Promise.all(this.watches);
  }

  /** What all processes together have really spent, micros. */
  witnessedMicros(): bigint {
    let sum = 0n;
    for (const name of readdirSync(this.plan.order.folder)) {
      if (!name.startsWith('witness-')) continue;
      const text = readFileSync(join(this.plan.order.folder, name), 'utf8');
      const lines = text
        .slice(0, text.lastIndexOf('\n') + 1)
        .trimEnd()
        .split('\n');
      sum += BigInt(lines.at(-1) ?? '0');
    }
    return sum;
  }

  private isOver(): boolean {
    const states = [...this.states.values()];
    const isDone = (state: string): boolean => state === 'denied' || state === 'over';
    return states.length === this.plan.nodes && states.every(isDone);
  }

  private async live(nodeId: string): Promise<void> {
    for (let incarnation = 0; !this.isStopped; incarnation++) {
      const child = this.start(nodeId, incarnation);
      const isEnded = new Promise((resolve) => child.once('exit', resolve));
      // Its life counts from when it spends: how long a start takes is no matter of leases.
      const isSpending = new Promise((resolve) => child.once('message', resolve));
      await Promise.race([isSpending, this.pause(30_000)]);
      await this.pause(500 + this.random.nextInt(LONGEST_LIFE_MS));
      if (this.isStopped) {
        child.send('stop');
        await isEnded;
        return;
      }
      const killedMs = performance.now();
      child.kill('SIGKILL');
      this.kills++;
      await isEnded;
      this.states.set(nodeId, 'over');
      this.watches.push(this.watch(nodeId, killedMs));
      // The watch has to know what the killed process left before the next one comes.
      await this.pause(200 + this.random.nextInt(LONGEST_AWAY_MS));
    }
  }

  private async pause(ms: number): Promise<void> {
    const untilMs = performance.now() + ms;
    while (!this.isStopped && performance.now() < untilMs) await sleep(20);
  }

  private start(nodeId: string, incarnation: number): ChildProcess {
    const main = fileURLToPath(new URL('leases-node-main.js', import.meta.url));
    const child = fork(main, [JSON.stringify({ ...this.plan.order, nodeId, incarnation })]);
    child.on('message', ({ state }: { state: string }) => this.states.set(nodeId, state));
    return child;
  }

  private async watch(nodeId: string, killedMs: number): Promise<void> {
    let left = await this.shield.openLeases(nodeId);
    while (left.length > 0) {
      await sleep(25);
      const open = new Set(await this.shield.openLeases(nodeId));
      left = left.filter((id) => open.has(id));
    }
    this.strandedMs.push(performance.now() - killedMs);
  }
}
