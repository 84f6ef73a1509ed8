/** Writes TC strings by the published bit layout (TCF 2 consent string format), independently of the decoder. */
export interface TcFields {
  readonly version?: number;
  readonly policyVersion?: number;
  readonly updatedMs?: number;
  readonly purposes?: readonly number[];
  readonly vendors?: readonly number[];
  /** Undefined leaves the segment out. */
  readonly disclosed?: readonly number[];
  /** Purposes that the publisher forbids to vendors. */
  readonly forbidden?: readonly { readonly purpose: number; readonly vendor: number }[];
}

/** A TC string; vendors as a bit field, as ranges where `isRange`. */
export function tcString(fields: TcFields, isRange = false): string {
  const { version = 2, policyVersion = 4, purposes = [], vendors = [], disclosed } = fields;
  const at = Math.round((fields.updatedMs ?? Date.UTC(2024, 5, 1)) / 100);
  const restrictions = fields.forbidden ?? [];
  const core = [
    ...[int(version, 6), int(at, 36), int(at, 36), int(31, 12), int(640, 12), int(1, 6)],
    ...[letters('EN'), int(126, 12), int(policyVersion, 6), '1', '0', bits([], 12)],
    ...[bits(purposes, 24), bits([], 24), '0', letters('DE')],
    ...[vendorList(vendors, isRange), vendorList([], false), int(restrictions.length, 12)],
    ...restrictions.map(({ purpose, vendor }) =>
      [int(purpose, 6), int(0, 2), int(1, 12), '0', int(vendor, 16)].join(''),
    ),
  ].join('');
  const segment = disclosed && int(1, 3) + vendorList(disclosed, isRange);
  return [core, ...(segment === undefined ? [] : [segment])].map(base64).join('.');
}

const int = (value: number, width: number): string => value.toString(2).padStart(width, '0');

const letters = (text: string): string =>
  [...text].map((of) => int(of.charCodeAt(0) - 65, 6)).join('');

function bits(ids: readonly number[], width: number): string {
  return Array.from({ length: width }, (_, i) => (ids.includes(i + 1) ? '1' : '0')).join('');
}

function vendorList(ids: readonly number[], isRange: boolean): string {
  const max = Math.max(0, ...ids);
  if (!isRange) return `${int(max, 16)}0${bits(ids, max)}`;
  const entries = ids.map((id) => `0${int(id, 16)}`);
  return [int(max, 16), '1', int(entries.length, 12), ...entries].join('');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Padded to whole bytes, as consent platforms do. */
function base64(text: string): string {
  const padded = text.padEnd(Math.ceil(text.length / 24) * 24, '0');
  return (padded.match(/.{6}/g) ?? []).map((six) => ALPHABET[parseInt(six, 2)]).join('');
}
