/** Why a budget is not bid from. */
export type StopCause = 'pause' | 'cap' | 'kill';

/** What SyncShield tells about a budget; see its events. */
export interface BudgetEvent {
  readonly seq: number;
  readonly type: string;
  readonly budgetId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A reason to stop, and until when; undefined: until it is lifted. */
export interface BudgetStop {
  readonly kind: 'stop';
  readonly cause: StopCause;
  /** The budget, or the kill switch, that it comes from. */
  readonly origin: string;
  readonly part: string;
  readonly until?: Date;
}

/** Reasons that no longer hold. */
export interface BudgetLift {
  readonly kind: 'lift';
  readonly causes: readonly StopCause[];
  readonly origin: string;
}

/** Caps that do not free by themselves before their window ends. */
const LASTING = new Set(['total', 'calendar_day', 'calendar_week', 'calendar_month']);

/** What an event means for campaigns; undefined: nothing. */
export function changeOf({
  type,
  budgetId,
  data,
}: BudgetEvent): BudgetStop | BudgetLift | undefined {
  const origin = budgetId ?? '*';
  switch (type) {
    case 'budget.threshold':
      return isUsedUp(data) ? capStop(origin, data) : undefined;
    case 'budget.breached':
      return isLasting(data) ? capStop(textOf(data['capBudgetId'], origin), data) : undefined;
    case 'budget.paused':
      return { kind: 'stop', cause: 'pause', origin, part: '' };
    case 'budget.resumed':
      return { kind: 'lift', causes: ['pause', 'cap'], origin };
    case 'budget.caps_replaced':
      return { kind: 'lift', causes: ['cap'], origin };
    case 'kill_switch.set':
      return { kind: 'stop', cause: 'kill', origin: textOf(data['killSwitchId'], ''), part: '' };
    case 'kill_switch.lifted':
      return { kind: 'lift', causes: ['kill'], origin: textOf(data['killSwitchId'], '') };
    default:
      return undefined;
  }
}

/** The whole of what is enforced was spent; a day that may flex is not used up at its limit. */
function isUsedUp(data: BudgetEvent['data']): boolean {
  const [spent, enforced] = [data['spentMicros'], data['enforcedMicros']];
  return (
    isLasting(data) &&
    typeof spent === 'number' &&
    typeof enforced === 'number' &&
    spent >= enforced
  );
}

function isLasting({ kind }: BudgetEvent['data']): boolean {
  return typeof kind === 'string' && LASTING.has(kind);
}

function capStop(origin: string, data: BudgetEvent['data']): BudgetStop {
  const { windowTo } = data;
  const until = typeof windowTo === 'string' ? { until: new Date(windowTo) } : {};
  return { kind: 'stop', cause: 'cap', origin, part: textOf(data['capId'], ''), ...until };
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
