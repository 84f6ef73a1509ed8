import type { Budget } from '../budget.js';
import { heldMicros, spentMicros, type Hold } from '../hold.js';
import { CompiledPolicy } from './compiled-policy.js';
import type { Ask } from './finding.js';
import { newValueOf } from './listed.js';
import { askOf } from './policy-judge.js';
import { ReplayedSpend } from './replayed-spend.js';
import { measuredAt, type Policy, type Rule } from './rule.js';
import type { RuleFacts } from './rule-facts.js';

/** Holds by number and by sum. */
export interface Tally {
  count: number;
  /** Of what was asked for, by currency. */
  readonly micros: Record<string, bigint>;
}

/** What one rule would have done. */
export interface RuleEffect {
  readonly rule: Rule;
  /** Denied by it as the first one. */
  readonly denied: Tally;
  /** Of these, approved then. */
  readonly newlyDenied: Tally;
  /** Let pass because too little is learned. */
  learning: number;
  /** Ids of newly denied holds. */
  readonly examples: string[];
  /** New values it met, with how often. */
  readonly newValues: Map<string, number>;
}

/** What a policy would have done. */
export interface ReplayReport {
  readonly decisions: number;
  readonly approvedThen: Tally;
  readonly deniedThen: Tally;
  /** Approved then, denied by the policy. */
  readonly newlyDenied: Tally;
  /** Denied by a policy then, by none of these rules now; the caps are not asked again. */
  readonly noLongerDenied: Tally;
  readonly rules: readonly RuleEffect[];
}

const MAX_EXAMPLES = 10;
const MAX_NEW_VALUES = 100;

/** Judges decisions of the past, in their order, by a policy; what it would have denied does not count as spent. */
export class PolicyReplay {
  private readonly compiled: CompiledPolicy;
  private readonly effects: Map<string, RuleEffect>;
  private readonly spend = new ReplayedSpend();
  private readonly sums = {
    ...{ approvedThen: tally(), deniedThen: tally() },
    ...{ newlyDenied: tally(), noLongerDenied: tally() },
  };
  private decisions = 0;

  constructor(
    policy: Policy,
    private readonly facts: RuleFacts,
  ) {
    this.compiled = new CompiledPolicy(0, policy);
    this.effects = new Map(policy.rules.map((rule) => [rule.id, effectOf(rule)]));
  }

  /** Acquisitions at a budget (everything below it included) in one hour since the epoch. */
  loadAcquisitions(budgetNo: bigint, hour: number, count: number): void {
    this.spend.loadAcquisitions(budgetNo, hour, count);
  }

  /** The next decision. */
  judge(hold: Hold, path: readonly Budget[]): void {
    const ask = askOf({ ...hold, amountMicros: hold.requestedMicros }, path, hold.decidedMs);
    this.loadSpend(ask);
    this.decisions++;
    const denied = this.compiled.denialOf(ask, this.facts);
    const { sums } = this;
    add(hold.isApproved ? sums.approvedThen : sums.deniedThen, hold);
    this.note(ask);
    if (denied === undefined) {
      if (hold.reason === 'policy_denied') add(sums.noLongerDenied, hold);
      if (hold.isApproved) this.count(hold, path);
      return;
    }
    const effect = this.effects.get(denied.rule.id);
    if (effect !== undefined) add(effect.denied, hold);
    if (!hold.isApproved) return;
    add(sums.newlyDenied, hold);
    if (effect === undefined) return;
    add(effect.newlyDenied, hold);
    if (effect.examples.length < MAX_EXAMPLES) effect.examples.push(hold.id);
  }

  report(): ReplayReport {
    return { decisions: this.decisions, ...this.sums, rules: [...this.effects.values()] };
  }

  private loadSpend(ask: Ask): void {
    for (const { rule } of this.compiled.rules) {
      const node = rule.kind === 'max_cac' ? measuredAt(rule, ask.path) : undefined;
      if (rule.kind !== 'max_cac' || node === undefined) continue;
      const { budgetNo } = node;
      const facts = this.spend.factsOf(rule.id, budgetNo, rule.windowMs, ask.nowMs);
      this.facts.loadAcquisition(rule.id, budgetNo, facts);
    }
  }

  private count(hold: Hold, path: readonly Budget[]): void {
    const micros = spentMicros(hold) + heldMicros(hold);
    for (const { budgetNo } of path) this.spend.add(budgetNo, hold.decidedMs, micros);
    this.facts.approve(this.compiled, askOf(hold, path, hold.decidedMs));
  }

  private note(ask: Ask): void {
    for (const { rule, find, judges } of this.compiled.rules) {
      const effect = this.effects.get(rule.id);
      if (effect === undefined || !judges(ask)) continue;
      if (rule.kind === 'spend_velocity' && find(ask, this.facts).outcome === 'learning') {
        effect.learning++;
      }
      if (rule.kind !== 'new_geo' && rule.kind !== 'new_channel') continue;
      const value = newValueOf(rule, ask.context);
      if (value === undefined || rule.known.includes(value)) continue;
      const seen = effect.newValues.get(value);
      if (seen === undefined && effect.newValues.size >= MAX_NEW_VALUES) continue;
      effect.newValues.set(value, (seen ?? 0) + 1);
    }
  }
}

function tally(): Tally {
  return { count: 0, micros: {} };
}

function effectOf(rule: Rule): RuleEffect {
  return {
    ...{ rule, denied: tally(), newlyDenied: tally(), learning: 0 },
    ...{ examples: [], newValues: new Map<string, number>() },
  };
}

function add(to: Tally, { currency, requestedMicros }: Hold): void {
  to.count++;
  to.micros[currency] = (to.micros[currency] ?? 0n) + requestedMicros;
}
