import { DomainError, type ErrorDetails, type ErrorKind } from './domain-error.js';

/** One row of the catalogue: `docs/errors.md` prints exactly these rows and a test compares both ways. */
export interface ErrorDefinition {
  readonly kind: ErrorKind;
  /** One sentence: what went wrong. Used as the default message and the problem title. */
  readonly title: string;
  /** One sentence: what the caller can do about it. */
  readonly fix: string;
}

const catalogue = new Map<string, ErrorDefinition>();

/** Every error code defined by the packages loaded so far. */
export function errorCatalogue(): ReadonlyMap<string, ErrorDefinition> {
  return catalogue;
}

/** Makes the error of one code; `message` defaults to the catalogue's title. */
export type ErrorFactory = (
  message?: string,
  details?: ErrorDetails,
  options?: { cause?: unknown },
) => DomainError;

/**
 * Registers a package's error codes and returns one factory per code.
 * Convention: one `errors.ts` per package; the codes are snake_case and never reused for another meaning.
 */
export function defineErrors<T extends Record<string, ErrorDefinition>>(
  table: T,
): { readonly [K in keyof T]: ErrorFactory } {
  const factories: Record<string, ErrorFactory> = {};
  for (const [code, definition] of Object.entries(table)) {
    const known = catalogue.get(code);
    if (known !== undefined && known.title !== definition.title) {
      throw new Error(`error code ${code} is defined twice with different meanings`);
    }
    catalogue.set(code, definition);
    factories[code] = (message, details, options) =>
      new DomainError(code, definition.kind, message ?? definition.title, details, options);
  }
  return factories as { readonly [K in keyof T]: ErrorFactory };
}
