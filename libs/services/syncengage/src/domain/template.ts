/** What a template may name. */
export interface TemplateValues {
  readonly customerId: string;
  readonly offer: string;
  readonly unsubscribeUrl: string;
  readonly traits: Readonly<Record<string, unknown>>;
}

const PLACEHOLDER = /\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}/g;
const NAMES = new Set(['customerId', 'offer', 'unsubscribeUrl']);
const TRAIT = /^traits\.([\p{L}\p{N}_-]{1,64})$/u;

/** Placeholders that nothing fills, as they are written. */
export function unknownPlaceholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)]
    .filter(([, name = '']) => !NAMES.has(name) && !TRAIT.test(name))
    .map(([text]) => text);
}

/**
 * Fills `{{customerId}}`, `{{offer}}`, `{{unsubscribeUrl}}` and `{{traits.name|default}}`; values
 * are text, never templates.
 */
export function renderTemplate(template: string, values: TemplateValues): string {
  return template.replace(PLACEHOLDER, (_text, name: string, fallback: string | undefined) => {
    const value = valueOf(name, values);
    return value === '' ? (fallback ?? '').trim() : value;
  });
}

/** The same for one header line: no control character survives. */
export function renderLine(template: string, values: TemplateValues): string {
  return renderTemplate(template, values)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

function valueOf(name: string, values: TemplateValues): string {
  if (name === 'customerId' || name === 'offer' || name === 'unsubscribeUrl') return values[name];
  const member = TRAIT.exec(name)?.[1];
  if (member === undefined || !Object.hasOwn(values.traits, member)) return '';
  const value = values.traits[member];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
