import { GppModel, Sections } from '@iabgpp/cmpapi';
import { RestrictionType, TCString, type TCModel, type Vector } from '@iabtechlabtcf/core';
import { ConsentDecoders } from '../../application/consent-decoders.js';
import type { GppSignal, TcfSignal } from '../../domain/consent/consent-strings.js';
import { errors } from '../../errors.js';

const BASE64URL_PARTS = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
/** The first policy of the TCF 2. */
const FIRST_POLICY = 2;
const OPTED_OUT = 1;
const OPT_OUTS = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'];

/** The IAB's own decoders, strict about what they let pass. */
export class IabDecoders extends ConsentDecoders {
  override tcf(text: string): TcfSignal {
    // The core comes first and says version 2: the library would take segments without one.
    if (!BASE64URL_PARTS.test(text) || !text.startsWith('C')) {
      throw invalid('a TC string of version 2');
    }
    const model = decoded(() => TCString.decode(text), 'a TC string of version 2');
    const policyVersion = Number(model.policyVersion);
    if (Number(model.version) !== 2 || policyVersion < FIRST_POLICY) {
      throw invalid('a TC string of version 2 and policy 2 or later');
    }
    return {
      version: versionOf(policyVersion),
      policyVersion,
      cmpId: Number(model.cmpId),
      vendorListVersion: Number(model.vendorListVersion),
      updatedMs: model.lastUpdated.getTime(),
      purposeConsents: idsOf(model.purposeConsents),
      vendorConsents: idsOf(model.vendorConsents),
      disclosedVendors: idsOf(model.vendorsDisclosed),
      forbidden: forbiddenBy(model),
    };
  }

  override gpp(text: string): GppSignal {
    const sections = decoded(() => usSections(text), 'a GPP string, e.g. DBABLA~BVQqAAAAAgA.QA');
    return {
      sections: sections.map(({ name }) => name),
      objecting: sections.filter(isObjecting).map(({ name }) => name),
      isGpc: sections.some(({ fields }) => fields['Gpc'] === true),
    };
  }
}

interface UsSection {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function usSections(text: string): UsSection[] {
  if (!text.startsWith('D')) throw new Error('no header');
  const model = new GppModel(text);
  return (model.getSectionIds() as number[]).filter(isOfTheStates).map((id) => {
    const name = Sections.SECTION_ID_NAME_MAP.get(id);
    if (name === undefined) throw new Error(`section ${id} is not known`);
    return { name, fields: model.getSection(name) as UsSection['fields'] };
  });
}

/** 6 is the old US privacy string; 7 and up are the national section and the states. */
const isOfTheStates = (id: number): boolean => id >= 6;

function isObjecting({ fields }: UsSection): boolean {
  return (
    OPT_OUTS.some((field) => fields[field] === OPTED_OUT) ||
    fields['OptOutSale'] === 'Y' ||
    fields['Gpc'] === true
  );
}

function versionOf(policyVersion: number): TcfSignal['version'] {
  if (policyVersion >= 5) return '2.3';
  return policyVersion === 4 ? '2.2' : '2.0';
}

function idsOf(vector: Vector): ReadonlySet<number> {
  const ids = new Set<number>();
  vector.forEach((isSet, id) => {
    if (isSet) ids.add(id);
  });
  return ids;
}

function forbiddenBy({ publisherRestrictions }: TCModel): ReadonlySet<string> {
  const forbidden = new Set<string>();
  for (const restriction of publisherRestrictions.getRestrictions()) {
    if (restriction.restrictionType !== RestrictionType.NOT_ALLOWED) continue;
    const purpose = restriction.purposeId ?? 0;
    for (const vendor of publisherRestrictions.getVendors(restriction)) {
      forbidden.add(`${vendor}:${purpose}`);
    }
  }
  return forbidden;
}

/** The libraries throw errors of many kinds, also of JavaScript itself. */
function decoded<T>(decode: () => T, expected: string): T {
  try {
    return decode();
  } catch {
    throw invalid(expected);
  }
}

function invalid(expected: string) {
  return errors.consent_string_invalid(undefined, { fields: [{ field: 'value', expected }] });
}
