import type { z } from 'zod';

/** One environment variable: what it means, how it is read, what it defaults to. */
export interface ConfigVariable<T = unknown> {
  /** Environment name, e.g. `SYNCFLOW_HTTP_PORT`; a `*_FILE` sibling is read when `isSecret`. */
  readonly env: string;
  /** Parses the text of the variable; use `z.coerce` for numbers and booleans. Units belong in the key's name. */
  readonly schema: z.ZodType<T>;
  /** One sentence for `kiki config` and the docs, with the unit. */
  readonly doc: string;
  /** Masked wherever the configuration is printed; may come from `<env>_FILE`. @default false */
  readonly isSecret?: boolean;
  /** What of a secret may be printed, e.g. {@link addressOf} a server; without it nothing is. */
  shown?(value: T): string;
  /** Older names that are still read. */
  readonly aliases?: readonly string[];
}

/** A service's or the platform's variables by their name in code. */
export type ConfigVariables = Readonly<Record<string, ConfigVariable>>;

/** The typed configuration that a set of variables yields. */
export type ConfigOf<V extends ConfigVariables> = {
  readonly [K in keyof V]: V[K] extends ConfigVariable<infer T> ? T : never;
};

/** A named schema; `load` in this package reads several at once and reports every error together. */
export interface ConfigSchema<V extends ConfigVariables = ConfigVariables> {
  /** Owner, e.g. `syncflow` or `platform`. */
  readonly name: string;
  readonly variables: V;
}

/** Declares one variable with its type kept. */
export function variable<T>(definition: ConfigVariable<T>): ConfigVariable<T> {
  return definition;
}

/** Declares a schema with its types kept. */
export function defineConfig<V extends ConfigVariables>(
  name: string,
  variables: V,
): ConfigSchema<V> {
  return { name, variables };
}
