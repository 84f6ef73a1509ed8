import type { ListedAttribute } from '../hold-context.js';
import { found, missing, NOT_APPLICABLE, type Ask, type Facts, type Finding } from './finding.js';
import type { ConsentRequiredRule, ListRule, NewValueRule } from './rule.js';

const COUNTRY_LENGTH = 2;

/** Whether a value stands in a list; a place also when its country does. */
export class Listed {
  private readonly values: ReadonlySet<string>;

  constructor(
    private readonly attribute: ListedAttribute,
    values: readonly string[],
  ) {
    this.values = new Set(values);
  }

  has(value: string): boolean {
    if (this.values.has(value)) return true;
    return this.attribute === 'geo' && this.values.has(value.slice(0, COUNTRY_LENGTH));
  }
}

/** Only listed values pass (one that says none does not), or all but them. */
export function findListed(rule: ListRule, listed: Listed, { context }: Ask): Finding {
  const value = context[rule.attribute];
  if (value === undefined) {
    return rule.kind === 'allow_list' ? missing(rule.attribute, 'deny') : NOT_APPLICABLE;
  }
  const isRight = listed.has(value) === (rule.kind === 'allow_list');
  return found(isRight, { [rule.attribute]: value });
}

/** The attribute that a rule of new values looks at. */
export function newValueOf(rule: NewValueRule, context: Ask['context']): string | undefined {
  return rule.kind === 'new_geo' ? context.geo : context.channel;
}

/** Whether a value is none of the new ones. */
export function isKnown({ kind, known }: NewValueRule, value: string): boolean {
  if (known.includes(value)) return true;
  return kind === 'new_geo' && known.includes(value.slice(0, COUNTRY_LENGTH));
}

/** Known values pass; a new one up to its trial amount. A hold that says none is judged as new. */
export function findNewValue(
  rule: NewValueRule,
  listed: Listed,
  { context, request }: Ask,
  facts: Facts,
): Finding {
  const attribute = rule.kind === 'new_geo' ? 'geo' : 'channel';
  const value = newValueOf(rule, context);
  if (value === undefined) return missing(attribute, 'deny');
  if (listed.has(value)) return found(true, { [attribute]: value });
  const isTried = rule.trialMicros > 0n && rule.currency === request.currency;
  if (!isTried) return found(false, { [attribute]: value, trialMicros: '0' });
  const usedMicros = facts.trialMicros(rule.id, value);
  return found(usedMicros + request.amountMicros <= rule.trialMicros, {
    [attribute]: value,
    usedMicros: usedMicros.toString(),
    amountMicros: request.amountMicros.toString(),
    trialMicros: rule.trialMicros.toString(),
  });
}

/** The registry says that the customer has consented; who is unknown has not. */
export function findConsent(rule: ConsentRequiredRule, { context }: Ask, facts: Facts): Finding {
  if (context.subject === undefined) return missing('customerId', rule.onMissing);
  const verdict = facts.consent(rule.purpose, context) ?? {
    isGranted: false,
    reason: 'not_asked',
  };
  return found(verdict.isGranted, {
    purpose: rule.purpose,
    consent: verdict.reason,
    ...(verdict.receiptId === undefined ? {} : { receiptId: verdict.receiptId }),
  });
}
