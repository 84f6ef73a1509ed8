import { DomainError, errorCatalogue } from '@kiki/kernel';
import { toJsonLine, type Reporter } from './reporter.js';

/** What a process says with its exit code. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** 2 when the caller has to correct something he typed or gave, 130 when he interrupted it, otherwise 1. */
export function exitCodeOf(error: unknown): number {
  if (!DomainError.is(error)) return EXIT.failed;
  if (error.kind === 'cancelled') return EXIT.interrupted;
  return error.kind === 'invalid' ? EXIT.usage : EXIT.failed;
}

const MAX_FIELDS = 20;

/** The lines that tell a person what went wrong and what to do about it. */
export function errorLines(error: unknown): string[] {
  if (!DomainError.is(error)) {
    return [`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
  const fields = error.details.fields ?? [];
  const shown = fields.slice(0, MAX_FIELDS);
  const fix = errorCatalogue().get(error.code)?.fix;
  return [
    `error[${error.code}]: ${error.message}`,
    ...shown
      .filter(({ field }) => !error.message.includes(`${field}: expected`))
      .map(({ field, expected }) => `  ${field}: expected ${expected}`),
    ...(fields.length > MAX_FIELDS ? [`  … and ${fields.length - MAX_FIELDS} more`] : []),
    ...(fix === undefined ? [] : [`fix: ${fix}`]),
  ];
}

/** Prints an error for people, and with `--json` as `{error:{code,message,fields,fix}}` on standard output. */
export function printError(reporter: Reporter, error: unknown): void {
  for (const line of errorLines(error)) reporter.terminal.note(line);
  printErrorJson(reporter, error);
}

/** The part of {@link printError} that is for programs; nothing without `--json`. */
export function printErrorJson(reporter: Reporter, error: unknown): void {
  if (!reporter.isJson) return;
  const isKnown = DomainError.is(error);
  const code = isKnown ? error.code : 'internal';
  const problem = {
    code,
    message: error instanceof Error ? error.message : String(error),
    fields: isKnown ? (error.details.fields ?? []) : [],
    fix: errorCatalogue().get(code)?.fix ?? null,
  };
  reporter.terminal.out(toJsonLine({ error: problem }));
}
