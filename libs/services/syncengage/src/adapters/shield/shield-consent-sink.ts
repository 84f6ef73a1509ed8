import type { ConsentApi, ConsentRecordInput, ItemResult } from '@kiki/contract-syncshield';
import { createHash } from 'node:crypto';
import {
  ConsentSink,
  type ConsentWord,
  type ForwardOutcome,
  type PrivacySignal,
} from '../../application/consent-outbox.js';
import { EMAIL, MARKETING_PURPOSE } from './shield-marketing-consent.js';

/** The consent registry of SyncShield over HTTP. */
export class ShieldConsentSink extends ConsentSink {
  constructor(private readonly api: ConsentApi) {
    super();
  }

  override async words(tenant: string, words: readonly ConsentWord[]): Promise<ForwardOutcome[]> {
    return (await this.api.record(tenant, words.map(recordOf))).map(outcomeOf);
  }

  override async signals(
    tenant: string,
    signals: readonly PrivacySignal[],
  ): Promise<ForwardOutcome[]> {
    const inputs = signals.map(({ customerId, day, at }) => ({
      ...{ id: signalId(tenant, customerId, day), customerId, at },
      ...{ source: 'syncengage:sec-gpc', isGpc: true },
    }));
    return (await this.api.signal(tenant, inputs)).map(outcomeOf);
  }
}

function recordOf({ id, customerId, status, source, proof, at }: ConsentWord): ConsentRecordInput {
  const refusal = source === 'traits' ? 'objected' : 'withdrawn';
  return {
    ...{ id: `engage.${id}`, customerId, at, source: `syncengage:${source}` },
    ...{ purpose: MARKETING_PURPOSE, channel: EMAIL },
    action: status === 'subscribed' ? 'granted' : refusal,
    ...(proof === undefined ? {} : { proof: { kind: 'other', value: proof } }),
  };
}

/** One objection a customer and day; the name says nothing of the customer. */
function signalId(tenant: string, customerId: string, day: string): string {
  const hash = createHash('sha256').update(`${tenant}\0${customerId}\0${day}`).digest('hex');
  return `engage.gpc.${hash.slice(0, 32)}`;
}

/** What can never succeed is written down with its code; everything else is told again. */
function outcomeOf(result: ItemResult<unknown>): ForwardOutcome {
  if (result.ok) return undefined;
  const { error } = result;
  if (error.isRetryable || error.kind === 'internal') throw error;
  return error.code;
}
