import { readFileSync } from 'node:fs';
import type { FieldProblem } from '@kiki/kernel';
import type { ConfigOf, ConfigSchema, ConfigVariable, ConfigVariables } from './config-schema.js';
import { readEnvironment, type Environment } from './environment.js';
import { errors } from './errors.js';
import { expectedBy } from './issue-text.js';

/** Where a value came from; `file` is the `<env>_FILE` sibling. */
export type ConfigSource = 'default' | 'environment' | 'alias' | 'file';

/** One line of `kiki config`: secrets and passwords inside URLs are masked. */
export interface ConfigRow {
  readonly schema: string;
  readonly key: string;
  readonly env: string;
  readonly value: string;
  readonly source: ConfigSource;
  readonly doc: string;
}

/** Typed configurations in the order of their schemas. */
export type ConfigsOf<S extends readonly ConfigSchema[]> = {
  readonly [K in keyof S]: S[K] extends ConfigSchema<infer V> ? ConfigOf<V> : never;
};

interface Found {
  readonly text: string | undefined;
  readonly source: ConfigSource;
}

interface Problem extends FieldProblem {
  readonly doc: string;
}

/**
 * Reads every schema and reports all problems of all of them together.
 * @throws config_invalid naming each variable, what was expected and what it is for
 */
export function loadConfig<const S extends readonly ConfigSchema[]>(
  schemas: S,
  environment: Environment = readEnvironment(),
): ConfigsOf<S> {
  const problems = new Map<string, Problem>();
  const configs = schemas.map((schema) => loadOne(schema, environment, problems));
  if (problems.size > 0) throw invalid([...problems.values()]);
  return configs as unknown as ConfigsOf<S>;
}

/** Rows for `kiki config`, masked; broken values are shown with what was expected instead of failing. */
export function describeConfig(
  schemas: readonly ConfigSchema[],
  environment: Environment = readEnvironment(),
): ConfigRow[] {
  return schemas.flatMap((schema) =>
    Object.entries(schema.variables).map(([key, variable]) => {
      const problems = new Map<string, Problem>();
      const found = find(variable, environment, problems);
      const value = found && read(variable, found, problems);
      const problem = problems.get(variable.env);
      return {
        schema: schema.name,
        key,
        env: variable.env,
        value: problem ? `INVALID: expected ${problem.expected}` : printable(variable, value),
        source: found?.source ?? 'file',
        doc: variable.doc,
      };
    }),
  );
}

function loadOne<V extends ConfigVariables>(
  schema: ConfigSchema<V>,
  environment: Environment,
  problems: Map<string, Problem>,
): ConfigOf<V> {
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(schema.variables)) {
    const found = find(variable, environment, problems);
    if (found !== undefined) values[key] = read(variable, found, problems);
  }
  return Object.freeze(values) as ConfigOf<V>;
}

/** An empty text counts as not set, as in compose files with `${NAME:-}`. */
function find(
  variable: ConfigVariable,
  environment: Environment,
  problems: Map<string, Problem>,
): Found | undefined {
  const names = [variable.env, ...(variable.aliases ?? [])];
  for (const [index, name] of names.entries()) {
    const text = environment[name];
    if (text !== undefined && text !== '') {
      return { text, source: index === 0 ? 'environment' : 'alias' };
    }
    const path = variable.isSecret ? environment[`${name}_FILE`] : undefined;
    if (path !== undefined && path !== '')
      return fromFile(variable, `${name}_FILE`, path, problems);
  }
  return { text: undefined, source: 'default' };
}

function fromFile(
  variable: ConfigVariable,
  name: string,
  path: string,
  problems: Map<string, Problem>,
): Found | undefined {
  try {
    return { text: readFileSync(path, 'utf8').trim(), source: 'file' };
  } catch {
    problems.set(variable.env, {
      field: name,
      expected: `a readable file (${path} is not)`,
      doc: variable.doc,
    });
    return undefined;
  }
}

function read(variable: ConfigVariable, found: Found, problems: Map<string, Problem>): unknown {
  const result = variable.schema.safeParse(found.text);
  if (result.success) return result.data;
  const wanted = [...new Set(result.error.issues.map(expectedBy))].join(' and ');
  const got = found.text === undefined ? 'it is not set' : `got ${shown(variable, found.text)}`;
  problems.set(variable.env, {
    field: variable.env,
    expected: `${wanted} (${got})`,
    doc: variable.doc,
  });
  return undefined;
}

function shown(variable: ConfigVariable, text: string): string {
  return variable.isSecret ? 'a secret of another form' : JSON.stringify(maskUrl(text));
}

function printable(variable: ConfigVariable, value: unknown): string {
  if (value === undefined) return '(not set)';
  if (variable.isSecret) return variable.shown?.(value) ?? '********';
  return maskUrl(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Scheme, host and port of a URL: what else it has may be secret. */
export function addressOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** Hides the password inside a URL. */
export function maskUrl(text: string): string {
  return text.replace(/(\/\/[^/:@\s]*):[^@/\s]*@/g, '$1:********@');
}

function invalid(problems: readonly Problem[]): Error {
  const lines = problems.map(
    ({ field, expected, doc }) => `  ${field}: expected ${expected}. ${doc}`,
  );
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const fields = problems.map(({ field, expected }) => ({ field, expected }));
  return errors.config_invalid(`The configuration has ${count}:\n${lines.join('\n')}`, { fields });
}
