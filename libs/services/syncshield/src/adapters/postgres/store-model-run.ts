import type { BudgetReport, LedgerCommand, LedgerOutcome } from '../../application/ledger.js';
import { BudgetTree, METER_ID, type Budget } from '../../domain/budget.js';
import type { CapInput } from '../../domain/caps.js';
import type { Hold } from '../../domain/hold.js';
import { budgetOf, moneyCommand, otherLimits } from '../../domain/model/model-commands.js';
import { waitOf, type Draw } from '../../domain/model/model-draws.js';
import { callersCaps, setupOf } from '../../domain/model/model-setup.js';
import {
  Disagreement,
  entryOutcome,
  holdOutcome,
  outcomeOf,
  settlementOutcome,
  text,
} from '../../domain/model/model-words.js';
import type { ReferenceCommand, ReferenceOutcome } from '../../domain/model/reference-command.js';
import { ReferenceLedger } from '../../domain/model/reference-ledger.js';
import type { CommitLoss, ModelStore } from './model-store.js';

const ACTOR = 'model';

type MoneyCommand = Extract<ReferenceCommand, { readonly request: unknown }>;

/**
 * The ledger on PostgreSQL beside the reference: two processes decide in turns, COMMITs are lost, the clock jumps,
 * and every answer and counter has to be the reference's.
 */
export class StoreModelRun {
  /** Commands so far. */
  commands = 0;
  /** Approved holds so far. */
  approved = 0;
  /** COMMITs whose outcome was lost. */
  losses = 0;
  private readonly reference: ReferenceLedger;
  private readonly asked: ReferenceCommand[] = [];
  private readonly holds = new Map<string, Hold>();
  private turn: 0 | 1 = 0;

  private constructor(
    private readonly store: ModelStore,
    private readonly tenant: string,
    private tree: BudgetTree,
    private nowMs: number,
  ) {
    this.reference = new ReferenceLedger(nowMs);
  }

  /** @param setup SETUP_DRAWS draws: the clock, then the caps */
  static async start(
    store: ModelStore,
    tenant: string,
    setup: readonly Draw[],
  ): Promise<StoreModelRun> {
    const { tree, nowMs } = setupOf(setup);
    const run = new StoreModelRun(store, tenant, tree, nowMs);
    await store.setNow(run.nowMs);
    for (const budget of run.tree.budgets) await run.create(budget);
    return run;
  }

  /** One step: time passes, the administration acts, or up to six commands share a transaction. */
  async step(draw: Draw): Promise<void> {
    const [what = 0, pick = 0, ...rest] = draw;
    const share = what % 16;
    if (share < 3) return this.wait(rest);
    await this.giveBack();
    if (share === 3) await this.setPaused(pick, rest[0] ?? 0);
    else if (share === 4) await this.changeLimits(pick, draw);
    else await this.transact(1 + (pick % 6), draw);
  }

  /** What every budget and cap counts. */
  async compare(): Promise<void> {
    await this.giveBack();
    for (const { id } of this.tree.budgets) {
      this.compareBudget(await this.store.budgets.get(this.tenant, id));
    }
  }

  private async create(budget: Budget): Promise<void> {
    const parentId = budget.parentNo === undefined ? undefined : this.tree.get(budget.parentNo)?.id;
    const { id, name, currency } = budget;
    const caps = callersCaps(budget);
    const parent = parentId === undefined ? {} : { parentId };
    const input = { tenant: this.tenant, id, name, currency, pausesOnExternal: false, caps };
    await this.store.budgets.create({ ...input, ...parent }, ACTOR);
    this.reference.create({ ...budget, parentId, caps });
  }

  private async wait(draw: Draw): Promise<void> {
    // Now and then the clock of the store jumps back.
    const isBack = (draw[2] ?? 0) % 20 === 0;
    this.nowMs += isBack ? -waitOf(draw) : waitOf(draw);
    await this.store.setNow(this.nowMs);
  }

  /** What is due is given back by both before anything else. */
  private async giveBack(): Promise<void> {
    const [ledger] = this.store.ledgers;
    while ((await ledger.releaseDue()).hasMore);
    this.reference.apply({ do: 'release' }, this.nowMs);
  }

  private async setPaused(pick: number, what: number): Promise<void> {
    const { id } = budgetOf(pick, this.tree);
    const isPaused = what % 3 === 0;
    await this.store.budgets.setPaused(this.tenant, id, isPaused, ACTOR);
    this.reference.apply({ do: isPaused ? 'pause' : 'resume', budgetId: id }, this.nowMs);
    this.commands++;
  }

  private async changeLimits(pick: number, draw: Draw): Promise<void> {
    const budget = budgetOf(pick, this.tree);
    const caps = otherLimits(draw, budget);
    await this.store.budgets.replaceCaps(this.tenant, budget.id, caps, ACTOR);
    this.reference.apply({ do: 'caps', budgetId: budget.id, caps }, this.nowMs);
    this.tree = new BudgetTree(
      this.tree.budgets.map((of) => (of.id === budget.id ? withLimits(of, caps) : of)),
    );
    this.commands++;
  }

  private async transact(count: number, draw: Draw): Promise<void> {
    const commands: MoneyCommand[] = [];
    // Holds alone may be decided on what a process has kept.
    const isHoldsOnly = (draw[2] ?? 0) % 2 === 0;
    for (let index = 0; index < count; index++) {
      const command = moneyCommand([...draw.slice(index), ...draw.slice(0, index)], this.state());
      if (!('request' in command) || (isHoldsOnly && command.do !== 'hold')) continue;
      commands.push(command);
      this.asked.push(command);
    }
    if (commands.length === 0) return;
    const loss = this.maybeLose(draw.at(-1) ?? 0);
    const outcomes = await this.store.ledgers[this.turn].decide(commands.map(toLedger));
    if ((draw[1] ?? 0) % 3 === 0) this.turn = this.turn === 0 ? 1 : 0;
    // Committed, but asked again: what was refused is decided anew on what the others left.
    if (loss === 'lose the answer') {
      for (const command of commands) this.reference.apply(command, this.nowMs);
    }
    for (const [index, command] of commands.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Disagreement(text(command), undefined, 'an answer');
      this.check(command, outcome);
    }
    this.commands += commands.length;
  }

  private maybeLose(draw: number): CommitLoss | undefined {
    if (draw % 25 !== 0) return undefined;
    this.losses++;
    const loss = draw % 2 === 0 ? 'lose the answer' : 'lose the commit';
    this.store.lose(this.turn, loss);
    return loss;
  }

  private check(command: MoneyCommand, outcome: LedgerOutcome): void {
    const expected = this.reference.apply(command, this.nowMs);
    const answer = answerOf(outcome);
    if (text(answer) !== text(expected)) throw new Disagreement(text(command), answer, expected);
    if (answer.is === 'hold' && answer.reason === 'within_limits') this.approved++;
    if (!outcome.result.ok) return;
    if (outcome.kind === 'hold') this.holds.set(outcome.result.value.id, outcome.result.value);
  }

  private state() {
    const { tenant, tree, nowMs, asked } = this;
    return { tenant, tree, nowMs, asked, holds: [...this.holds.values()] };
  }

  private compareBudget(report: BudgetReport): void {
    const { id, isPaused } = report;
    const found: Record<string, unknown> = { isPaused };
    const expected: Record<string, unknown> = { isPaused: this.reference.isPaused(id) };
    const counts = [
      { id: METER_ID, spent: report.spentMicros, held: report.heldMicros },
      ...report.caps,
    ];
    for (const { id: capId, spent, held } of counts) {
      const name = capId === METER_ID ? 'ledger_maximum' : capId;
      found[name] = { spent, held };
      const { spent: used, held: kept } = this.reference.usage(id, name, this.nowMs);
      expected[name] = { spent: used, held: kept };
    }
    if (text(found) !== text(expected)) throw new Disagreement(id, found, expected);
  }
}

function toLedger(command: MoneyCommand): LedgerCommand {
  if (command.do === 'hold') return { kind: 'hold', actor: ACTOR, request: command.request };
  if (command.do === 'enter') return { kind: 'entry', actor: ACTOR, request: command.request };
  return { kind: 'settle', actor: ACTOR, request: command.request };
}

function answerOf(outcome: LedgerOutcome): ReferenceOutcome {
  if (outcome.kind === 'hold') return outcomeOf(outcome.result, holdOutcome);
  if (outcome.kind === 'entry') return outcomeOf(outcome.result, entryOutcome);
  return outcomeOf(outcome.result, settlementOutcome);
}

function withLimits(budget: Budget, caps: readonly CapInput[]): Budget {
  const changed = new Map(caps.map((cap) => [cap.id, cap]));
  return { ...budget, caps: budget.caps.map((cap) => ({ ...cap, ...changed.get(cap.id) })) };
}
