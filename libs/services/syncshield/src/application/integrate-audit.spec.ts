/**
 * Goal: nothing leaves before it is stored, nothing counts as anchored before it is safe, and what was signed once is
 * held against the store for ever. Method: trees and anchors that write down what happens to them.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ReleasedCheckpoint } from '../domain/audit-tree.js';
import { AuditTrees, type TreeStep, type TreeTotals, type WaitingTree } from './audit-trees.js';
import { AllAnchors, CheckpointAnchors } from './checkpoint-anchors.js';
import { IntegrateAudit } from './integrate-audit.js';

const TOTALS: TreeTotals = { leaves: 0, pending: 0, checkpointAgeMs: 0, alarms: 0 };

function point(tenant: string, size: number): ReleasedCheckpoint {
  return { tenant, size, root: new Uint8Array(32), note: `${tenant} ${size}`, signedMs: 0 };
}

class WrittenTrees extends AuditTrees {
  waits: WaitingTree[] = [];
  steps = new Map<string, TreeStep>();
  fault: string | undefined;

  constructor(private readonly events: string[]) {
    super();
  }

  override waiting(known: ReadonlyMap<string, ReleasedCheckpoint>): Promise<WaitingTree[]> {
    this.events.push(`knows ${[...known.values()].map(({ note }) => note).join()}`);
    return Promise.resolve(this.waits);
  }

  override advance(tenant: string, known: ReleasedCheckpoint | undefined): Promise<TreeStep> {
    this.events.push(`advance ${tenant} beyond ${known?.size ?? 'nothing'}`);
    return Promise.resolve(this.steps.get(tenant) ?? { hasMore: false });
  }

  override anchored(checkpoints: readonly ReleasedCheckpoint[]): Promise<void> {
    this.events.push(`anchored ${checkpoints.map(({ note }) => note).join()}`);
    return Promise.resolve();
  }

  override checkSome(records: number): Promise<string | undefined> {
    this.events.push(`check ${records}`);
    return Promise.resolve(this.fault);
  }

  override totals(): Promise<TreeTotals> {
    return Promise.resolve(TOTALS);
  }
}

class WrittenAnchors extends CheckpointAnchors {
  isFull = false;

  constructor(
    private readonly events: string[],
    private readonly before: readonly ReleasedCheckpoint[] = [],
  ) {
    super();
  }

  override keep(checkpoints: readonly ReleasedCheckpoint[]): Promise<void> {
    if (this.isFull) return Promise.reject(new Error('the disk is full'));
    this.events.push(`keep ${checkpoints.map(({ note }) => note).join()}`);
    return Promise.resolve();
  }

  override newest(): Promise<ReadonlyMap<string, ReleasedCheckpoint>> {
    return Promise.resolve(new Map(this.before.map((of) => [of.tenant, of])));
  }
}

let events: string[];
let trees: WrittenTrees;
let anchors: WrittenAnchors;
let integrate: IntegrateAudit;

beforeEach(() => {
  events = [];
  trees = new WrittenTrees(events);
  anchors = new WrittenAnchors(events);
  integrate = new IntegrateAudit(trees, anchors, 7);
});

const waits = (tenant: string, unanchored?: ReleasedCheckpoint): WaitingTree => ({
  tenant,
  unanchored,
});

describe('a pass', () => {
  it('anchors what was signed, then says so, then reads something anew', async () => {
    trees.waits = [waits('a'), waits('b')];
    trees.steps.set('a', { hasMore: true, checkpoint: point('a', 5) });
    const report = await integrate.execute();
    expect(report).toEqual({ totals: TOTALS, hasMore: true, alarms: [] });
    expect(events).toEqual([
      ...['knows ', 'advance a beyond nothing', 'advance b beyond nothing'],
      ...['keep a 5', 'anchored a 5', 'check 7'],
    ]);
    events.length = 0;
    trees.steps.clear();
    await integrate.execute();
    expect(events.slice(0, 3)).toEqual([
      'knows a 5',
      'advance a beyond 5',
      'advance b beyond nothing',
    ]);
  });

  it('brings out a checkpoint that a killed process has left in the store', async () => {
    trees.waits = [waits('a', point('a', 3))];
    await integrate.execute();
    expect(events).toContain('keep a 3');
    trees.steps.set('a', { hasMore: false, checkpoint: point('a', 4) });
    await integrate.execute();
    expect(events).toContain('keep a 4');
  });

  it('calls nothing anchored when it is not safe, but remembers that it was signed', async () => {
    trees.waits = [waits('a')];
    trees.steps.set('a', { hasMore: false, checkpoint: point('a', 5) });
    anchors.isFull = true;
    await expect(integrate.execute()).rejects.toThrow('the disk is full');
    expect(events.filter((event) => event.startsWith('anchored'))).toEqual([]);
    anchors.isFull = false;
    trees.steps.clear();
    await integrate.execute();
    expect(events).toContain('knows a 5');
  });

  it('says each alarm once, and anchors nothing of that log', async () => {
    trees.waits = [waits('a', point('a', 3))];
    trees.steps.set('a', { hasMore: false, alarm: 'At seq 1: changed.' });
    trees.fault = 'b: At seq 2: changed.';
    expect((await integrate.execute()).alarms).toEqual(['a: At seq 1: changed.', trees.fault]);
    expect((await integrate.execute()).alarms).toEqual([]);
    expect(events).not.toContain('keep a 3');
  });

  it('says an alarm later when the pass that found it fails', async () => {
    trees.waits = [waits('a'), waits('b')];
    trees.steps.set('a', { hasMore: false, alarm: 'changed' });
    trees.steps.set('b', { hasMore: false, checkpoint: point('b', 1) });
    anchors.isFull = true;
    await expect(integrate.execute()).rejects.toThrow('the disk is full');
    anchors.isFull = false;
    trees.waits = [];
    expect((await integrate.execute()).alarms).toEqual(['a: changed']);
  });

  it('knows what was anchored before it, from every place the newest', async () => {
    const places = [
      new WrittenAnchors(events, [point('a', 9), point('b', 1)]),
      new WrittenAnchors(events, [point('a', 4), point('b', 2)]),
    ];
    integrate = new IntegrateAudit(trees, new AllAnchors(places), 0);
    await integrate.open();
    trees.waits = [waits('a'), waits('b')];
    await integrate.execute();
    expect(events).toContain('advance a beyond 9');
    expect(events).toContain('advance b beyond 2');
    expect(events).not.toContain('check 0');
  });
});
