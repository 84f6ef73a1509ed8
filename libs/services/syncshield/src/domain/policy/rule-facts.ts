import type { HoldContext } from '../hold-context.js';
import type { CompiledPolicy } from './compiled-policy.js';
import type { AcquisitionFacts, Ask, ConsentVerdict, Facts } from './finding.js';
import { isKnown, newValueOf } from './listed.js';
import { measuredAt, type NewValueRule, type Rule, type SpendVelocityRule } from './rule.js';
import type { SpendProfile } from './spend-profile.js';
import { velocityBucketMs, velocityBuckets } from './spend-velocity.js';

/** Bucket of a counter that is not bound to time. */
export const WHOLE_BUCKET = 0;

/** What was approved under a rule, in one bucket of a budget or for one new value. */
export interface RuleCounter {
  readonly ruleId: string;
  /** `budgetSubject` or `valueSubject`. */
  readonly subject: string;
  readonly bucket: number;
  readonly micros: bigint;
}

/** Subject of a counter of a budget. */
export function budgetSubject(budgetNo: bigint): string {
  return `b${budgetNo}`;
}

/** Subject of a counter of a new value. */
export function valueSubject(value: string): string {
  return `v${value}`;
}

/** What the rules of one policy know: loaded, then kept up with what is approved on the way. */
export class RuleFacts implements Facts {
  private readonly counters = new Map<string, Map<number, bigint>>();
  private readonly added = new Map<string, RuleCounter>();
  private readonly profiles = new Map<bigint, SpendProfile>();
  private readonly acquisitions = new Map<string, AcquisitionFacts>();
  private readonly consents = new Map<string, ConsentVerdict>();

  loadCounter({ ruleId, subject, bucket, micros }: RuleCounter): void {
    this.bucketsOf(ruleId, subject).set(bucket, micros);
  }

  loadProfile(budgetNo: bigint, profile: SpendProfile): void {
    this.profiles.set(budgetNo, profile);
  }

  loadAcquisition(ruleId: string, budgetNo: bigint, facts: AcquisitionFacts): void {
    this.acquisitions.set(keyOf(ruleId, budgetSubject(budgetNo)), facts);
  }

  loadConsent(purpose: string, context: HoldContext, verdict: ConsentVerdict): void {
    this.consents.set(consentKey(purpose, context), verdict);
  }

  /** Counts an approved hold for every rule that judges it. */
  approve({ rules }: CompiledPolicy, ask: Ask): void {
    for (const compiled of rules) if (compiled.judges(ask)) this.count(compiled.rule, ask);
  }

  /** What `approve` added to counters. */
  changes(): RuleCounter[] {
    return [...this.added.values()];
  }

  approvedMicros({ id, windowMs }: SpendVelocityRule, budgetNo: bigint, nowMs: number): bigint {
    const buckets = this.counters.get(keyOf(id, budgetSubject(budgetNo)));
    if (buckets === undefined) return 0n;
    const { first, last } = velocityBuckets(windowMs, nowMs);
    let sum = 0n;
    for (let bucket = first; bucket <= last; bucket++) sum += buckets.get(bucket) ?? 0n;
    return sum;
  }

  profile(budgetNo: bigint): SpendProfile | undefined {
    return this.profiles.get(budgetNo);
  }

  acquisition(ruleId: string, budgetNo: bigint): AcquisitionFacts | undefined {
    return this.acquisitions.get(keyOf(ruleId, budgetSubject(budgetNo)));
  }

  trialMicros(ruleId: string, value: string): bigint {
    return this.counters.get(keyOf(ruleId, valueSubject(value)))?.get(WHOLE_BUCKET) ?? 0n;
  }

  consent(purpose: string, context: HoldContext): ConsentVerdict | undefined {
    return this.consents.get(consentKey(purpose, context));
  }

  private count(rule: Rule, ask: Ask): void {
    const micros = ask.request.amountMicros;
    const node = measuredAt(rule, ask.path);
    if (rule.kind === 'spend_velocity' && node !== undefined) {
      const bucket = Math.floor(ask.nowMs / velocityBucketMs(rule.windowMs));
      this.add({ ruleId: rule.id, subject: budgetSubject(node.budgetNo), bucket, micros });
    }
    if (rule.kind === 'max_cac' && node !== undefined) {
      const key = keyOf(rule.id, budgetSubject(node.budgetNo));
      const known = this.acquisitions.get(key);
      if (known !== undefined && rule.currency === ask.request.currency) {
        const acquisitions = known.acquisitions + (ask.context.acquisitions ?? 0);
        const heldMicros = known.heldMicros + micros;
        this.acquisitions.set(key, { ...known, heldMicros, acquisitions });
      }
    }
    if (rule.kind === 'new_geo' || rule.kind === 'new_channel') this.countTrial(rule, ask);
  }

  private countTrial(rule: NewValueRule, { context, request }: Ask): void {
    const value = newValueOf(rule, context);
    const isTried = rule.trialMicros > 0n && rule.currency === request.currency;
    if (value === undefined || !isTried || isKnown(rule, value)) return;
    this.add({
      ...{ ruleId: rule.id, subject: valueSubject(value), bucket: WHOLE_BUCKET },
      micros: request.amountMicros,
    });
  }

  private add(counter: RuleCounter): void {
    const { ruleId, subject, bucket, micros } = counter;
    const buckets = this.bucketsOf(ruleId, subject);
    buckets.set(bucket, (buckets.get(bucket) ?? 0n) + micros);
    const key = keyOf(ruleId, subject, String(bucket));
    const before = this.added.get(key)?.micros ?? 0n;
    this.added.set(key, { ...counter, micros: before + micros });
  }

  private bucketsOf(ruleId: string, subject: string): Map<number, bigint> {
    const key = keyOf(ruleId, subject);
    let buckets = this.counters.get(key);
    if (buckets === undefined) this.counters.set(key, (buckets = new Map<number, bigint>()));
    return buckets;
  }
}

function keyOf(...parts: readonly string[]): string {
  return parts.join('\u0000');
}

function consentKey(purpose: string, { subject, channel, geo }: HoldContext): string {
  return keyOf(purpose, subject ?? '', channel ?? '', geo ?? '');
}
