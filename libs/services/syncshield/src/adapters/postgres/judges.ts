import type { Clock } from '@kiki/kernel';
import type { Queryable, Row } from '@kiki/postgres';
import type { ConsentCheck } from '../../application/consent-check.js';
import type { LedgerCommand } from '../../application/ledger.js';
import type { ShardView } from '../../domain/book.js';
import type { Controls } from '../../domain/policy/controls.js';
import type { Ask } from '../../domain/policy/finding.js';
import { askOf, PolicyJudge } from '../../domain/policy/policy-judge.js';
import type { RuleFacts } from '../../domain/policy/rule-facts.js';
import { lockControls } from './control-lock.js';
import { ControlCache, NEVER_ANY, SeenControls } from './controls.js';
import { ProfileCache } from './profile-rows.js';
import { loadRuleFacts, writeRuleCounters } from './rule-facts-rows.js';
import { orShardBusy } from './shard-rows.js';

/** What a batch decides on, once its shards are locked. */
export interface JudgedBatch {
  readonly shards: ReadonlyMap<number, ShardView>;
  readonly commands: readonly LedgerCommand[];
  readonly shardNoOf: (tenant: string, budgetId: string) => number | undefined;
}

/** The judge of one transaction, with what it has to write at its end. */
export class LoadedJudge extends PolicyJudge {
  constructor(
    controls: ReadonlyMap<string, Controls>,
    private readonly loaded: ReadonlyMap<string, RuleFacts>,
  ) {
    super(controls, loaded);
  }

  /** Writes what rules counted; one statement per tenant whose rules count. */
  async write(tx: Queryable): Promise<void> {
    for (const [tenant, facts] of this.loaded) {
      await writeRuleCounters(tx, tenant, facts.changes());
    }
  }
}

const NOTHING: ReadonlyMap<string, Controls> = new Map();
const NO_FACTS: ReadonlyMap<string, RuleFacts> = new Map();

/** What a batch may assume to be in force, by tenant. */
export interface AssumedControls {
  readonly versions: ReadonlyMap<string, bigint>;
  readonly judge: LoadedJudge;
}

/** Makes the judge of a transaction: kill switches and policies as they are in force under its locks. */
export class Judges {
  private readonly controls = new ControlCache();
  private readonly seen = new SeenControls();
  private readonly sources;

  constructor(consents: ConsentCheck, clock: Clock) {
    this.sources = { consents, profiles: new ProfileCache(clock) };
  }

  /** The tenants whose controls `opened` needs, locked and read with BEGIN. */
  tenantsOf(commands: readonly LedgerCommand[]): string[] {
    return tenantsOf(commands);
  }

  /** What is in force by the rows of controls of these tenants, which were locked and read. */
  async opened(
    tx: Queryable,
    tenants: readonly string[],
    rows: readonly Row[],
  ): Promise<ReadonlyMap<string, Controls>> {
    this.seen.note(tenants, rows);
    return rows.length === 0 ? NOTHING : this.controls.ofHeads(tx, rows);
  }

  /**
   * What is in force if nothing has changed since it was read; undefined when that is not known, or when rules have
   * to read before they judge.
   */
  assumed(commands: readonly LedgerCommand[]): AssumedControls | undefined {
    const controls = new Map<string, Controls>();
    const versions = new Map<string, bigint>();
    for (const tenant of tenantsOf(commands)) {
      const version = this.seen.versionOf(tenant);
      const kept = this.controls.keptOf(tenant);
      if (version === undefined) return undefined;
      versions.set(tenant, version);
      if (version === NEVER_ANY) continue;
      if (kept?.version !== version || (kept.policy?.rules.length ?? 0) > 0) return undefined;
      controls.set(tenant, kept);
    }
    return { versions, judge: new LoadedJudge(controls, NO_FACTS) };
  }

  /**
   * What is in force for the tenants of the holds, and stays so until the transaction ends. The lock
   * and the read behind it are two statements, which may share a round trip with others before them.
   * @throws shard_busy while it is being changed for too long
   */
  async locked(
    tx: Queryable,
    commands: readonly LedgerCommand[],
  ): Promise<ReadonlyMap<string, Controls>> {
    const tenants = tenantsOf(commands);
    if (tenants.length === 0) return NOTHING;
    const [, controls] = await Promise.all([
      lockControls(tx, tenants),
      this.controls.of(tx, tenants),
    ]).catch(orShardBusy);
    return controls;
  }

  /** The judge of what is only asked, on a snapshot that reads: what is in force there, and nothing is locked. */
  async advising(tx: Queryable, batch: JudgedBatch): Promise<LoadedJudge> {
    const controls = await this.controls.of(tx, tenantsOf(batch.commands));
    return this.judgeOf(tx, controls, batch, true);
  }

  /** Nothing is read for tenants without a policy, or whose rules need nothing. */
  async judgeOf(
    tx: Queryable,
    controls: ReadonlyMap<string, Controls> = NOTHING,
    batch: JudgedBatch,
    isReading = false,
  ): Promise<LoadedJudge> {
    const loaded = new Map<string, RuleFacts>();
    // Trial amounts are locked: tenant by tenant in the one order.
    for (const tenant of [...controls.keys()].sort()) {
      const policy = controls.get(tenant)?.policy;
      if (policy === undefined || policy.rules.length === 0) continue;
      const order = { tenant, policy, asks: asksOf(tenant, batch), isReading };
      loaded.set(tenant, await loadRuleFacts(tx, this.sources, order));
    }
    return new LoadedJudge(controls, loaded);
  }
}

/**
 * Only holds are judged: what was spent is always recorded. In the one order in which everybody takes the locks of
 * tenants: a change waits between two batches, so that also shared locks can wait for each other.
 */
function tenantsOf(commands: readonly LedgerCommand[]): string[] {
  const tenants = new Set<string>();
  for (const { kind, request } of commands) if (kind === 'hold') tenants.add(request.tenant);
  return [...tenants].sort();
}

function asksOf(tenant: string, { shards, commands, shardNoOf }: JudgedBatch): Ask[] {
  return commands.flatMap((command) => {
    if (command.kind !== 'hold' || command.request.tenant !== tenant) return [];
    const { request } = command;
    const shard = shards.get(shardNoOf(tenant, request.budgetId) ?? -1);
    const budget = shard?.tree.find(request.budgetId);
    if (shard === undefined || budget === undefined) return [];
    return [askOf(request, shard.tree.path(budget.budgetNo), shard.nowMs)];
  });
}
