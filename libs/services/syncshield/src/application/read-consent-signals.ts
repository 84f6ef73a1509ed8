import { ok, refuse, type DomainError, type Result } from '@kiki/kernel';
import { ANY, OWN } from '../domain/consent/consent-record.js';
import { tcfLacks } from '../domain/consent/consent-strings.js';
import {
  tcfNotice,
  type ConsentPurpose,
  type ConsentSettings,
} from '../domain/consent/consent-settings.js';
import type { RecordedConsent } from './consent-registry.js';
import type { ConsentInput, ConsentTools, RecordConsents } from './record-consents.js';

/** What a browser or a consent platform says of a customer. */
export interface ConsentSignal {
  readonly id: string;
  readonly customerId: string;
  readonly source: string;
  readonly region?: string;
  readonly atMs?: number;
  readonly tcf?: string;
  readonly gpp?: string;
  /** `Sec-GPC: 1`. */
  readonly isGpc?: boolean;
  /** Vendors that a TC string is asked about, beside the tenant itself. */
  readonly vendors: readonly number[];
}

/** What a signal came to: its records, in no case a part of them. */
export type SignalResult = Result<readonly RecordedConsent[], DomainError>;

/**
 * Turns signals into records: GPC and GPP opt-outs into objections to every purpose that sells, a TC string into a yes
 * or a withdrawal per purpose that the TCF knows. Ids of the records are the signal's with a suffix.
 */
export class ReadConsentSignals {
  constructor(
    private readonly tools: Pick<ConsentTools, 'registry' | 'decoders'>,
    private readonly records: RecordConsents,
  ) {}

  /** One answer per signal, in order. @throws unavailable */
  async execute(
    tenant: string,
    actor: string,
    signals: readonly ConsentSignal[],
  ): Promise<SignalResult[]> {
    const { settings } = await this.tools.registry.settings(tenant);
    const read = signals.map((signal) => this.inputsOf(signal, settings));
    const inputs = read.flatMap((of) => (of.ok ? of.value : []));
    const results = (await this.records.execute(tenant, actor, inputs)).values();
    return read.map((of) => {
      if (!of.ok) return of;
      const own = of.value.map(() => results.next().value as Result<RecordedConsent, DomainError>);
      const failed = own.find((result) => !result.ok);
      if (failed !== undefined && !failed.ok) return failed;
      return ok(own.flatMap((result) => (result.ok ? [result.value] : [])));
    });
  }

  private inputsOf(
    signal: ConsentSignal,
    settings: ConsentSettings,
  ): Result<ConsentInput[], DomainError> {
    try {
      return ok([
        ...this.optOuts(signal, settings),
        ...(signal.tcf === undefined ? [] : this.tcfInputs(signal, signal.tcf, settings)),
      ]);
    } catch (error) {
      return refuse(error as DomainError);
    }
  }

  private optOuts(signal: ConsentSignal, settings: ConsentSettings): ConsentInput[] {
    const gpp = signal.gpp === undefined ? undefined : this.tools.decoders.gpp(signal.gpp);
    const isObjecting = signal.isGpc === true || (gpp?.objecting.length ?? 0) > 0;
    if (!isObjecting) return [];
    const proof =
      signal.gpp !== undefined && gpp !== undefined && gpp.objecting.length > 0
        ? ({ kind: 'gpp', value: signal.gpp } as const)
        : ({ kind: 'gpc', value: 'Sec-GPC: 1' } as const);
    const scope = { channel: ANY, vendor: ANY, action: 'objected' } as const;
    return settings.purposes
      .filter(({ isSale }) => isSale)
      .map(({ id }) => ({
        ...common(signal, `${signal.id}.${id}`),
        ...{ ...scope, purpose: id, proof },
      }));
  }

  private tcfInputs(
    signal: ConsentSignal,
    text: string,
    { purposes }: ConsentSettings,
  ): ConsentInput[] {
    const tcf = this.tools.decoders.tcf(text);
    const inputOf = (purpose: ConsentPurpose, vendor: number | undefined): ConsentInput => {
      const isGiven = tcfLacks(tcf, purpose.tcfPurposes, vendor) === undefined;
      const suffix = vendor === undefined ? purpose.id : `${purpose.id}.${vendor}`;
      return {
        ...common(signal, `${signal.id}.tcf.${suffix}`),
        ...{ purpose: purpose.id, channel: ANY },
        vendor: vendor === undefined ? OWN : String(vendor),
        action: isGiven ? 'granted' : 'withdrawn',
        proof: { kind: 'tcf', value: text },
        noticeVersion: tcfNotice(tcf.policyVersion),
      };
    };
    return purposes
      .filter(({ tcfPurposes }) => tcfPurposes.length > 0)
      .flatMap((purpose) =>
        [undefined, ...signal.vendors].map((vendor) => inputOf(purpose, vendor)),
      );
  }
}

function common({ customerId, source, region, atMs }: ConsentSignal, id: string) {
  return {
    ...{ id, customerId, source },
    ...(region === undefined ? {} : { region }),
    ...(atMs === undefined ? {} : { atMs }),
  };
}
