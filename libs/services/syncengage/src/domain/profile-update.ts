import type { EngageEvent } from './event.js';

/** What is known about a customer, each part with the time of the identify that said it. */
export interface ProfileFacts {
  /** Normalised; its time is that of the trait `email`, which `traits` never has. */
  readonly email?: string;
  readonly traits: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch by trait. */
  readonly traitTimes: Readonly<Record<string, number>>;
}

/** What the events of one customer amount to. */
export interface ProfileUpdate extends ProfileFacts {
  readonly customerId: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly objection?: { readonly at: Date; readonly proof: string };
}

const NOTHING: ProfileFacts = { traits: {}, traitTimes: {} };

/**
 * Joins two states of knowledge, trait by trait the newer one: the same whatever is joined first.
 * Of two values with one time the one that is joined later stays.
 */
export function mergeFacts(known: ProfileFacts, news: ProfileFacts): ProfileFacts {
  const isNews = (trait: string): boolean => timeOf(news, trait) >= timeOf(known, trait);
  const newer = Object.keys(news.traitTimes).filter(isNews);
  const pick = <V>(from: Readonly<Record<string, V>>): [string, V][] =>
    newer.flatMap((trait) => (Object.hasOwn(from, trait) ? [[trait, from[trait] as V]] : []));
  const email = newer.includes('email') ? news.email : known.email;
  return {
    traits: { ...known.traits, ...Object.fromEntries(pick(news.traits)) },
    traitTimes: { ...known.traitTimes, ...Object.fromEntries(pick(news.traitTimes)) },
    ...(email === undefined ? {} : { email }),
  };
}

/** A trait may be called `constructor`: only own members count. */
function timeOf({ traitTimes }: ProfileFacts, trait: string): number {
  return Object.hasOwn(traitTimes, trait) ? (traitTimes[trait] ?? -Infinity) : -Infinity;
}

/** One update per customer, by id, whatever the order of the events. */
export function foldProfiles(events: readonly EngageEvent[]): ProfileUpdate[] {
  const updates = new Map<string, ProfileUpdate>();
  const inOrder = events.toSorted((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime());
  for (const event of inOrder) {
    const { customerId } = event;
    if (customerId === undefined) continue;
    updates.set(customerId, folded(updates.get(customerId), event, customerId));
  }
  return [...updates.values()].sort((a, b) => (a.customerId < b.customerId ? -1 : 1));
}

function folded(
  before: ProfileUpdate | undefined,
  event: EngageEvent,
  customerId: string,
): ProfileUpdate {
  const facts = event.type === 'identify' ? mergeFacts(before ?? NOTHING, factsOf(event)) : before;
  const objection = event.isObjection
    ? { at: event.occurredAt, proof: event.messageId }
    : before?.objection;
  return {
    ...(facts ?? NOTHING),
    customerId,
    firstSeenAt: before?.firstSeenAt ?? event.occurredAt,
    lastSeenAt: event.occurredAt,
    ...(objection === undefined ? {} : { objection }),
  };
}

function factsOf({ data, email, occurredAt }: EngageEvent): ProfileFacts {
  const names = [...Object.keys(data), ...(email === undefined ? [] : ['email'])];
  return {
    traits: data,
    traitTimes: Object.fromEntries(names.map((name) => [name, occurredAt.getTime()])),
    ...(email === undefined ? {} : { email }),
  };
}
