import { METER_ID } from '../budget.js';
import type { Book, ShardView } from '../book.js';
import { keyOf } from '../hold.js';
import { MemoryShard } from './memory-shard.js';
import { budgetOf, moneyCommand, otherLimits, type ModelState } from './model-commands.js';
import { waitOf, type Draw } from './model-draws.js';
import { callersCaps, setupOf } from './model-setup.js';
import {
  Disagreement,
  entryOutcome,
  holdOutcome,
  outcomeOf,
  settlementOutcome,
  text,
} from './model-words.js';
import type { ReferenceCommand, ReferenceOutcome } from './reference-command.js';
import { ReferenceLedger } from './reference-ledger.js';

/**
 * The rules of the ledger on a shard in memory beside the reference: both are asked the same, and
 * have to answer and to count the same.
 */
export class ModelRun {
  /** Commands so far. */
  commands = 0;
  /** Approved holds so far. */
  approved = 0;
  private readonly shard: MemoryShard;
  private readonly reference = new ReferenceLedger();
  private readonly asked: ReferenceCommand[] = [];

  /** @param setup SETUP_DRAWS draws: the clock and how counters are kept, then the caps */
  constructor(setup: readonly Draw[]) {
    const { tree, nowMs, keepsCounters } = setupOf(setup);
    this.shard = new MemoryShard(tree, nowMs, { keepsCounters });
    for (const budget of tree.budgets) {
      const parentId = budget.parentNo === undefined ? undefined : tree.get(budget.parentNo)?.id;
      this.reference.create({ ...budget, parentId, caps: callersCaps(budget) });
    }
  }

  /** One step: time passes, the administration acts, or up to three commands share a transaction. */
  step(draw: Draw): void {
    const [what = 0, pick = 0, ...rest] = draw;
    const share = what % 16;
    if (share < 4) this.wait(rest);
    else if (share === 4) this.shard.forget();
    else if (share === 5) this.setPaused(pick, rest[0] ?? 0);
    else if (share === 6) this.changeLimits(pick, draw);
    else this.transact(1 + (pick % 3), rest);
    this.compareCounters();
  }

  private wait(draw: Draw): void {
    // Now and then the clock of the store jumps back.
    const isBack = (draw[2] ?? 0) % 20 === 0;
    this.shard.nowMs += isBack ? -waitOf(draw) : waitOf(draw);
  }

  private setPaused(pick: number, what: number): void {
    const budgetId = budgetOf(pick, this.shard.tree).id;
    const isPaused = what % 3 === 0;
    // The administration takes the lock and gives nothing back: only decisions do.
    this.transactNothing();
    this.shard.setPaused(budgetId, isPaused);
    this.reference.apply({ do: isPaused ? 'pause' : 'resume', budgetId }, this.shard.nowMs);
    this.commands++;
  }

  private changeLimits(pick: number, draw: Draw): void {
    const budget = budgetOf(pick, this.shard.tree);
    const caps = otherLimits(draw, budget);
    this.transactNothing();
    this.shard.changeLimits(budget.id, (cap) => {
      return { ...cap, ...caps.find(({ id }) => id === cap.id) };
    });
    this.reference.apply({ do: 'caps', budgetId: budget.id, caps }, this.shard.nowMs);
    this.commands++;
  }

  /** Gives back what is due, as the reference does before everything. */
  private transactNothing(): void {
    this.shard.transact([], () => undefined);
  }

  private transact(count: number, draw: Draw): void {
    const { shard, asked } = this;
    const commands: ReferenceCommand[] = [];
    for (let index = 0; index < count; index++) {
      const turned = [...draw.slice(index), ...draw.slice(0, index)];
      const command = moneyCommand(turned, this.state());
      commands.push(command);
      asked.push(command);
    }
    const decidedMs = commands.flatMap((command) => this.instantsOf(command));
    const answers = shard.transact(decidedMs, (book, view) =>
      commands.map((command) => answerOf(book, view, command)),
    );
    for (const [index, command] of commands.entries()) {
      const expected = this.reference.apply(command, shard.nowMs);
      const answer = answers[index];
      if (text(answer) !== text(expected)) throw new Disagreement(text(command), answer, expected);
      if (answer?.is === 'hold' && answer.reason === 'within_limits') this.approved++;
    }
    this.commands += count;
  }

  private state(): ModelState {
    const { tenant, tree, nowMs, holds } = this.shard;
    return { tenant, tree, nowMs, holds: [...holds.values()], asked: this.asked };
  }

  private instantsOf(command: ReferenceCommand): number[] {
    if (command.do === 'enter') return [command.request.atMs ?? this.shard.nowMs];
    if (command.do !== 'settle') return [];
    const hold = this.shard.holds.get(keyOf(this.shard.tenant, command.request.holdId));
    return hold === undefined ? [] : [hold.decidedMs];
  }

  private compareCounters(): void {
    const { tree, nowMs } = this.shard;
    // What is due counts until somebody asks; then both give it back first.
    this.transactNothing();
    this.reference.apply({ do: 'release' }, nowMs);
    for (const budget of tree.budgets) {
      const isPaused = this.shard.tree.find(budget.id)?.isPaused === true;
      if (isPaused !== this.reference.isPaused(budget.id)) {
        throw new Disagreement(`pause of ${budget.id}`, isPaused, !isPaused);
      }
      for (const cap of budget.caps) {
        const { spent, held } = this.shard.usage(cap);
        const id = cap.id === METER_ID ? 'ledger_maximum' : cap.id;
        const expected = this.reference.usage(budget.id, id, nowMs);
        if (spent !== expected.spent || held !== expected.held) {
          throw new Disagreement(`${budget.id}/${id}`, { spent, held }, expected);
        }
      }
    }
  }
}

/** What the book answers, in the words of the reference. */
function answerOf(book: Book, view: ShardView, command: ReferenceCommand): ReferenceOutcome {
  if (command.do === 'hold') return outcomeOf(book.hold(view, command.request, 'm'), holdOutcome);
  if (command.do === 'enter')
    return outcomeOf(book.enter(view, command.request, 'm'), entryOutcome);
  if (command.do !== 'settle') return { is: 'done' };
  return outcomeOf(book.settle(view, command.request, 'm'), settlementOutcome);
}
