import type { ConsentRegime, RegionRules } from './regions.js';

/** What data may be used for. */
export interface ConsentPurpose {
  readonly id: string;
  /** Sale, sharing or targeted advertising as US laws mean it: `Sec-GPC` and GPP opt-outs object to it. */
  readonly isSale: boolean;
  /** Purposes of the TCF that must all be consented to. */
  readonly tcfPurposes: readonly number[];
  /** Holds wherever the customer is, e.g. `opt_out` for legitimate interest. */
  readonly regime?: ConsentRegime;
}

/** A text that was shown to people. */
export interface ConsentNotice {
  readonly version: string;
  /** SHA-256 of the text, hexadecimal. */
  readonly textSha256?: string;
  /** Whether a yes to it still counts. */
  readonly isAccepted: boolean;
}

/** How a tenant handles consent. */
export interface ConsentSettings extends RegionRules {
  /** 0 until the tenant has set its own. */
  readonly version: number;
  readonly purposes: readonly ConsentPurpose[];
  /** When there are any, a yes must name one of them. */
  readonly notices: readonly ConsentNotice[];
  /** A yes counts that long, months of the calendar; null for ever. */
  readonly reconsentMonths: number | null;
}

/** What a tenant without settings of its own has; only `unknownRegion` is the installation's choice. */
export function settingsWithout(unknownRegion: ConsentRegime): ConsentSettings {
  return {
    version: 0,
    regimes: {},
    unknownRegion,
    purposes: [
      { id: 'marketing', isSale: false, tcfPurposes: [] },
      { id: 'advertising', isSale: true, tcfPurposes: [1, 3, 4] },
      { id: 'analytics', isSale: false, tcfPurposes: [1, 8] },
      { id: 'personalization', isSale: false, tcfPurposes: [1, 5, 6] },
    ],
    notices: [],
    reconsentMonths: 12,
  };
}

/** The purpose of that id. */
export function purposeOf(settings: ConsentSettings, id: string): ConsentPurpose | undefined {
  return settings.purposes.find((purpose) => purpose.id === id);
}

const TCF_NOTICE = /^tcf-policy-\d+$/;

/** The texts of the TCF, which no tenant writes, by the policy that sets them. */
export function tcfNotice(policyVersion: number): string {
  return `tcf-policy-${policyVersion}`;
}

/** Whether a yes to a notice counts: any while the tenant lists none; texts of the TCF unless it lists them as over. */
export function isNoticeAccepted(
  { notices }: Pick<ConsentSettings, 'notices'>,
  version: string | undefined,
): boolean {
  if (notices.length === 0) return true;
  const listed = notices.find((notice) => notice.version === version);
  return listed?.isAccepted ?? TCF_NOTICE.test(version ?? '');
}

/** Until when a yes given at `atMs` counts without its own end, milliseconds since the epoch. */
export function reconsentMs(atMs: number, months: number | null): number | undefined {
  if (months === null) return undefined;
  const at = new Date(atMs);
  const first = new Date(at);
  first.setUTCDate(1);
  first.setUTCMonth(at.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0));
  return first.setUTCDate(Math.min(at.getUTCDate(), lastDay.getUTCDate()));
}
