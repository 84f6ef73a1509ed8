/** What silence means: `opt_in` no, `opt_out` yes until somebody objects. */
export type ConsentRegime = 'opt_in' | 'opt_out';

/** EEA, with its regions that have codes of their own. */
const EEA =
  'AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO ' +
  'AX GF GP MF MQ RE YT';
/** The United Kingdom, the Crown Dependencies and Gibraltar, and Switzerland. */
const NEAR_EEA = 'GB GG JE IM GI CH';
/** Elsewhere, where marketing needs a yes beforehand: LGPD, CASL, PIPL, DPDP, PIPA, KVKK, POPIA. */
const ELSEWHERE = 'BR CA CN IN KR TR ZA';

const OPT_IN: ReadonlySet<string> = new Set(`${EEA} ${NEAR_EEA} ${ELSEWHERE}`.split(' '));
/** Names that are no ISO codes but in use. */
const ALIASES: Readonly<Record<string, string>> = { UK: 'GB', EL: 'GR' };
const GROUPS: ReadonlySet<string> = new Set(['EU', 'EEA']);

/** ISO 3166-1, or 3166-2 as `US-CA`; `EU` and `EEA` where nothing nearer is known. */
export const REGION = /^(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?|EEA)$/;

/** One spelling per region. */
export function normalRegion(region: string): string {
  const [country = '', ...rest] = region.split('-');
  return [ALIASES[country] ?? country, ...rest].join('-');
}

/** What the law of a region says of silence; undefined where this list does not know. */
export function lawOf(region: string): ConsentRegime | undefined {
  const country = normalRegion(region).split('-')[0] ?? '';
  if (OPT_IN.has(country) || GROUPS.has(country)) return 'opt_in';
  return country === 'US' ? 'opt_out' : undefined;
}

/** Own rules by region, and what holds where nothing is known. */
export interface RegionRules {
  readonly regimes: Readonly<Record<string, ConsentRegime>>;
  /** For customers of no or of an unlisted region. */
  readonly unknownRegion: ConsentRegime;
}

/** The regime of a region: the tenant's rule for the region, for its country, the law, else that of unknown ones. */
export function regimeOf(region: string | undefined, rules: RegionRules): ConsentRegime {
  if (region === undefined) return rules.unknownRegion;
  const normal = normalRegion(region);
  const own = (of: string): ConsentRegime | undefined =>
    Object.hasOwn(rules.regimes, of) ? rules.regimes[of] : undefined;
  const country = normal.split('-')[0] ?? '';
  return own(normal) ?? own(country) ?? lawOf(normal) ?? rules.unknownRegion;
}
