import { z } from 'zod';

type Issue = z.core.$ZodIssue;

const defaultMessage = z.locales.en().localeError;

/** What a value should have been, in plain words, from a Zod issue; a schema's own message wins. */
export function expectedBy(issue: Issue): string {
  const usual = defaultMessage(issue as z.core.$ZodRawIssue);
  const usualText = typeof usual === 'string' ? usual : usual?.message;
  if (issue.message !== '' && issue.message !== usualText) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return article(issue.expected);
    case 'too_small':
      return bound(
        issue.inclusive === false ? 'more than' : 'at least',
        issue.minimum,
        issue.origin,
      );
    case 'too_big':
      return bound(
        issue.inclusive === false ? 'less than' : 'at most',
        issue.maximum,
        issue.origin,
      );
    case 'invalid_value':
      return choice(issue.values.map((value) => JSON.stringify(value) ?? String(value)));
    case 'invalid_format':
      return format(issue.format, (issue as { pattern?: string }).pattern);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return 'no such field';
    case 'invalid_union':
      return union(issue);
    case 'custom':
    case 'invalid_key':
    case 'invalid_element':
      return issue.message;
  }
}

/** A path in the caller's own names: `opportunities[3].floorMicros`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += text === '' ? String(segment) : `.${String(segment)}`;
  }
  return text;
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'an integer',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  undefined: 'nothing',
  date: 'a date',
  nonoptional: 'a value',
  bigint: 'an integer',
  never: 'nothing',
};

function article(type: string): string {
  return TYPES[type] ?? `a ${type}`;
}

function bound(relation: string, limit: number | bigint, origin: string): string {
  if (origin === 'string') return `${relation} ${limit} characters`;
  if (origin === 'array' || origin === 'set') return `${relation} ${limit} items`;
  if (origin === 'object' || origin === 'record' || origin === 'map')
    return `${relation} ${limit} fields`;
  return `a number of ${relation} ${limit}`;
}

function choice(values: readonly string[]): string {
  return values.length === 1 ? `exactly ${values[0]}` : `one of ${values.join(', ')}`;
}

const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'an RFC 3339 instant such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  email: 'an e-mail address',
  url: 'a URL',
  uuid: 'a UUID',
  json_string: 'JSON',
};

function format(name: string, pattern: string | undefined): string {
  return (
    FORMATS[name] ??
    (pattern === undefined ? `a value of format ${name}` : `text matching ${pattern}`)
  );
}

function union(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const options = issue.errors.map((issues) => issues.map(describeNested).join(' and '));
  const known = [...new Set(options.filter((option) => option !== ''))];
  return known.length === 0 ? issue.message : known.join(', or ');
}

function describeNested(issue: Issue): string {
  const path = fieldPath(issue.path);
  return path === '' ? expectedBy(issue) : `${path}: ${expectedBy(issue)}`;
}
