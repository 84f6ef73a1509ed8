import type { CliOption, OptionValues } from './options.js';
import type { Reporter } from './reporter.js';

type Options = Readonly<Record<string, CliOption>>;

/** What a command is run with. */
export interface CommandCall<O extends Options> {
  readonly options: OptionValues<O>;
  /** In the order of {@link CliCommand.args}; undefined where an optional one was left out. */
  readonly args: readonly (string | undefined)[];
  readonly report: Reporter;
  /** Aborted by Ctrl-C and by SIGTERM, once; a command stops cleanly and throws or returns. */
  readonly signal: AbortSignal;
}

/** A command as a value: a service exports some, the program registers them. */
export interface CliCommand<O extends Options = Options> {
  /** As it is typed, e.g. `keys create`; a first word shared by several commands becomes a group. */
  readonly path: string;
  readonly summary: string;
  /** Printed below the options by `--help`: examples, notes. */
  readonly details?: string;
  /** e.g. `<file>` (needed) or `[tenant]` (optional), each with its meaning. */
  readonly args?: readonly { readonly name: string; readonly summary: string }[];
  readonly options: O;
  /**
   * Prints through `call.report`. Throws a DomainError when it fails; returns an exit code where the answer itself says
   * what is wrong, as a check does.
   */
  run(call: CommandCall<O>): Promise<void | number> | void | number;
}

/** A command whose options' types no longer matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- variance: a list of commands of different options
export type AnyCliCommand = CliCommand<any>;

/** Keeps the types of a command's options. */
export function defineCommand<const O extends Options>(command: CliCommand<O>): CliCommand<O> {
  return command;
}
