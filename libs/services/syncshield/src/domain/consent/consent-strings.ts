/** What a TC string of the IAB's Transparency and Consent Framework says. */
export interface TcfSignal {
  /** `2.0` (policy 2 and 3), `2.2` (policy 4) or `2.3` (policy 5 and later). */
  readonly version: '2.0' | '2.2' | '2.3';
  readonly policyVersion: number;
  readonly cmpId: number;
  readonly vendorListVersion: number;
  /** Milliseconds since the epoch. */
  readonly updatedMs: number;
  readonly purposeConsents: ReadonlySet<number>;
  readonly vendorConsents: ReadonlySet<number>;
  /** Empty where the string has none. */
  readonly disclosedVendors: ReadonlySet<number>;
  /** What the publisher forbids, as `<vendor>:<purpose>`. */
  readonly forbidden: ReadonlySet<string>;
}

/** What a string of the Global Privacy Platform says about the United States. */
export interface GppSignal {
  /** e.g. `usnat`, `usca`, `uspv1`. */
  readonly sections: readonly string[];
  /** Sections that opt out of sale, sharing or targeted advertising. */
  readonly objecting: readonly string[];
  /** A section carries `Sec-GPC: 1`. */
  readonly isGpc: boolean;
}

/** From then on strings must disclose vendors, whatever their policy version (TCF 2.3). */
export const DISCLOSURE_SINCE_MS = Date.UTC(2026, 2, 1);

/** Whether a string only counts for vendors that it says were disclosed. */
export function needsDisclosure({ policyVersion, updatedMs }: TcfSignal): boolean {
  return policyVersion >= 5 || updatedMs >= DISCLOSURE_SINCE_MS;
}

/**
 * What a TC string lacks to be a yes to all of `purposes`, for a vendor where one is asked for; undefined when it is
 * one. An empty or missing list of disclosed vendors discloses nobody.
 */
export function tcfLacks(
  signal: TcfSignal,
  purposes: readonly number[],
  vendor?: number,
): string | undefined {
  if (purposes.length === 0) return 'a purpose that the TCF knows';
  const refused = purposes.find((purpose) => !signal.purposeConsents.has(purpose));
  if (refused !== undefined) return `consent to purpose ${refused}`;
  if (needsDisclosure(signal)) {
    if (signal.disclosedVendors.size === 0) return 'disclosed vendors';
    if (vendor !== undefined && !signal.disclosedVendors.has(vendor)) {
      return `disclosure of vendor ${vendor}`;
    }
  }
  if (vendor === undefined) return undefined;
  if (!signal.vendorConsents.has(vendor)) return `consent to vendor ${vendor}`;
  const forbidden = purposes.find((purpose) => signal.forbidden.has(`${vendor}:${purpose}`));
  return forbidden === undefined
    ? undefined
    : `the publisher's leave for vendor ${vendor} and purpose ${forbidden}`;
}
