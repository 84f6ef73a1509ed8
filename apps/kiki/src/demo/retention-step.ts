import { kernelErrors, microsToWire, SeededRandom } from '@kiki/kernel';
import { errors } from '../errors.js';
import type { DemoPlatform } from './demo-platform.js';
import { BUDGET } from './plan.js';
import { poll } from './poll.js';
import type { ReceivedMail } from './smtp-sink.js';
import type { EventsAnswer, JourneyReportAnswer, RunAnswer } from './wire.js';

/** What the retention step works with. */
export interface RetentionStepInput {
  readonly platform: DemoPlatform;
  readonly seed: number;
  readonly currency: string;
  readonly customerIds: readonly string[];
  /** What one message costs, micros. */
  readonly costMicros: bigint;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface RetentionStepResult {
  readonly report: JourneyReportAnswer;
  /** What the local SMTP server received. */
  readonly mails: readonly ReceivedMail[];
  readonly profiles: number;
}

/** Customers whose address the demo makes up. */
const PROFILES = 600;
const JOURNEY_ID = 'win-back';

/** Profiles in, customers at risk found, most of them written to; a fifth is held out to be compared with. */
export async function runRetentionStep(input: RetentionStepInput): Promise<RetentionStepResult> {
  const engage = input.platform.api('syncengage');
  const profiles = chooseProfiles(input);
  const batch = profiles.map((customerId, i) => identify(customerId, i));
  const answer = await engage.post<EventsAnswer>('/v1/batch', { batch }, { signal: input.signal });
  if (answer.errors.length > 0) {
    throw kernelErrors.internal(`SyncEngage refused profiles: ${answer.errors[0]?.code}.`);
  }
  await engage.post('/v1/journeys', journeyOf(input), { signal: input.signal });
  await engage.post<RunAnswer>(`/v1/journeys/${JOURNEY_ID}/run`, {}, { signal: input.signal });
  const report = await finished(input);
  return { report, mails: input.platform.smtp.mails, profiles: profiles.length };
}

function chooseProfiles({ customerIds, seed }: RetentionStepInput): string[] {
  const random = new SeededRandom(seed);
  const deck = [...customerIds].sort();
  const count = Math.min(PROFILES, deck.length);
  for (let i = 0; i < count; i++) {
    const j = i + random.nextInt(deck.length - i);
    [deck[i], deck[j]] = [deck[j]!, deck[i]!];
  }
  return deck.slice(0, count);
}

/** Some customers have no address and some have said no: the journey has to leave both alone. */
function identify(customerId: string, index: number): object {
  const hasAddress = index % 12 !== 5;
  return {
    type: 'identify',
    messageId: `demo-identify-${index}`,
    userId: customerId,
    traits: {
      name: `Customer ${index + 1}`,
      ...(hasAddress ? { email: `customer-${index + 1}@example.test` } : {}),
      ...(index % 15 === 7 ? { unsubscribed: true } : {}),
    },
  };
}

function journeyOf({ currency, costMicros, seed }: RetentionStepInput): object {
  return {
    id: JOURNEY_ID,
    name: 'Win back customers at risk',
    segment: 'at_risk',
    offer: '10 % off your next order',
    budgetId: BUDGET.winBack,
    currency,
    costMicros: microsToWire(costMicros > 0n ? costMicros : 1n),
    holdoutShare: 0.2,
    salt: `demo-${seed}`,
    subject: 'We miss you: {{offer}}',
    body: 'Hello {{traits.name|there}},\n\nit has been a while. {{offer}}, only for you.\n',
  };
}

async function finished({ platform, signal }: RetentionStepInput): Promise<JourneyReportAnswer> {
  const engage = platform.api('syncengage');
  return poll(
    'the win-back journey to end',
    async () => {
      const path = `/v1/journeys/${JOURNEY_ID}/report`;
      const report = await engage.get<JourneyReportAnswer>(path, { signal });
      const { state, reason } = report.latestRun ?? { state: 'queued', reason: null };
      if (state === 'blocked' || state === 'failed') {
        throw errors.demo_stalled(
          `The win-back journey is ${state}: ${reason ?? 'no reason given'}.`,
        );
      }
      return state === 'done' && report.unsettled === 0 && report.pending === 0
        ? report
        : undefined;
    },
    { timeoutMs: 60_000, everyMs: 200, signal },
  );
}
