import { createHash } from 'node:crypto';
import { canonicalJson, refuse, type DomainError, type Result } from '@kiki/kernel';
import {
  CONSENT_ACTIONS,
  type ConsentProof,
  type ConsentRecord,
} from '../domain/consent/consent-record.js';
import { normalRegion } from '../domain/consent/regions.js';
import {
  isNoticeAccepted,
  purposeOf,
  type ConsentSettings,
} from '../domain/consent/consent-settings.js';
import { tcfLacks } from '../domain/consent/consent-strings.js';
import { errors } from '../errors.js';
import type { ConsentDecoders } from './consent-decoders.js';
import type { ConsentObserver } from './consent-observer.js';
import type { ConsentEntry, ConsentRegistry, RecordedConsent } from './consent-registry.js';
import type { SubjectKeys } from './subject-keys.js';

/** Somebody's word as it comes in. */
export interface ConsentInput extends Omit<ConsentRecord, 'subject' | 'atMs' | 'proofKind'> {
  readonly customerId: string;
  readonly atMs?: number;
  readonly proof?: ConsentProof;
}

/** What the use cases of consent work with. */
export interface ConsentTools {
  readonly registry: ConsentRegistry;
  readonly keys: SubjectKeys;
  readonly decoders: ConsentDecoders;
  readonly observer: ConsentObserver;
}

/**
 * Takes down what people said. A yes must be to a purpose of the tenant, name one of its notices where there are any,
 * and be what its proof shows; a no is always taken.
 */
export class RecordConsents {
  constructor(private readonly tools: ConsentTools) {}

  /** One answer per input, in order. @throws unavailable */
  async execute(
    tenant: string,
    actor: string,
    inputs: readonly ConsentInput[],
  ): Promise<Result<RecordedConsent, DomainError>[]> {
    const { registry, keys } = this.tools;
    const { settings } = await registry.settings(tenant);
    const problems = inputs.map((input) => this.problemOf(input, settings));
    const sound = inputs.filter((_, i) => problems[i] === undefined);
    const subjects = await keys.pseudonyms(
      tenant,
      sound.map(({ customerId }) => customerId),
    );
    const entries = await Promise.all(
      sound.map((input) => this.entryOf(tenant, input, subjects.get(input.customerId) ?? '')),
    );
    const results = entries.length === 0 ? [] : await registry.record(tenant, actor, entries);
    this.count(results);
    const answers = results.values();
    return problems.map((problem) =>
      problem === undefined
        ? (answers.next().value as Result<RecordedConsent, DomainError>)
        : refuse(problem),
    );
  }

  private count(results: readonly Result<RecordedConsent, DomainError>[]): void {
    for (const action of CONSENT_ACTIONS) {
      const isNew = (of: RecordedConsent): boolean => !of.isReplay && of.record.action === action;
      const count = results.filter((result) => result.ok && isNew(result.value)).length;
      if (count > 0) this.tools.observer.recorded(action, count);
    }
  }

  private problemOf(input: ConsentInput, settings: ConsentSettings): DomainError | undefined {
    if (input.action !== 'granted') return undefined;
    const purpose = purposeOf(settings, input.purpose);
    if (purpose === undefined) {
      const expected = `one of ${settings.purposes.map(({ id }) => id).join(', ')}`;
      return errors.consent_purpose_unknown(undefined, field('purpose', expected));
    }
    return noticeProblem(input, settings) ?? this.proofProblem(input, purpose.tcfPurposes);
  }

  private proofProblem(
    { proof, vendor }: ConsentInput,
    tcfPurposes: readonly number[],
  ): DomainError | undefined {
    if (proof?.kind !== 'tcf') return undefined;
    try {
      const signal = this.tools.decoders.tcf(proof.value);
      const vendorId = /^\d{1,5}$/.test(vendor) ? Number(vendor) : undefined;
      const lacking = tcfLacks(signal, tcfPurposes, vendorId);
      if (lacking === undefined) return undefined;
      return errors.consent_proof_insufficient(undefined, field('proof.value', lacking));
    } catch (error) {
      return error as DomainError;
    }
  }

  private async entryOf(
    tenant: string,
    input: ConsentInput,
    subject: string,
  ): Promise<ConsentEntry> {
    const { customerId, proof, region, ...rest } = input;
    const { keys } = this.tools;
    const located = region === undefined ? {} : { region: normalRegion(region) };
    const named = { ...rest, ...located, subject };
    if (proof === undefined) return { ...named, requestSha256: fingerprint(named) };
    const proofMac = await keys.digest(tenant, 'consent_proof', `${proof.kind}:${proof.value}`);
    return {
      ...named,
      proofKind: proof.kind,
      sealedProof: await keys.seal(tenant, customerId, proof.value),
      requestSha256: fingerprint({ ...named, proofMac }),
    };
  }
}

/** What a signal said is told apart by everything but the proof itself, which only its keyed digest stands for. */
function fingerprint(of: object): string {
  return createHash('sha256').update(canonicalJson(of)).digest('hex');
}

function field(name: string, expected: string) {
  return { fields: [{ field: name, expected }] };
}

function noticeProblem(
  { noticeVersion, noticeSha256, proof }: ConsentInput,
  { notices }: ConsentSettings,
): DomainError | undefined {
  const notice = notices.find(({ version }) => version === noticeVersion);
  if (notice === undefined) {
    const isTcf = proof?.kind === 'tcf' && isNoticeAccepted({ notices }, noticeVersion);
    if (notices.length === 0 || isTcf) return undefined;
    const expected = `one of ${notices.map(({ version }) => version).join(', ')}`;
    return errors.consent_notice_unknown(undefined, field('noticeVersion', expected));
  }
  const isOther =
    noticeSha256 !== undefined &&
    notice.textSha256 !== undefined &&
    noticeSha256 !== notice.textSha256;
  if (!isOther) return undefined;
  const expected = `${notice.textSha256 ?? ''}, the text of ${notice.version}`;
  return errors.consent_notice_unknown(undefined, field('noticeSha256', expected));
}
