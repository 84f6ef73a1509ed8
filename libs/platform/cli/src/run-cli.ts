import { Command, CommanderError, Option } from 'commander';
import { errors } from './errors.js';
import type { AnyCliCommand } from './command.js';
import type { CliOption } from './options.js';
import { EXIT, exitCodeOf, printError, printErrorJson } from './print-error.js';
import { Reporter } from './reporter.js';
import { ProcessTerminal, type Terminal } from './terminal.js';

/** A program: what it is called and what it can do. */
export interface CliProgram {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly commands: readonly AnyCliCommand[];
  /** One line per group, e.g. `{ keys: 'API keys' }`. */
  readonly groups?: Readonly<Record<string, string>>;
}

/** What surrounds a run. */
export interface CliSurroundings {
  /** @default the process's streams */
  readonly terminal?: Terminal;
  /** Aborts the command. @default never */
  readonly signal?: AbortSignal;
}

/** Parses, runs and reports; resolves with the exit code and never throws. */
export async function runCli(
  program: CliProgram,
  args: readonly string[],
  surroundings: CliSurroundings = {},
): Promise<number> {
  const terminal = surroundings.terminal ?? new ProcessTerminal();
  const signal = surroundings.signal ?? new AbortController().signal;
  const isJson = args.includes('--json');
  const reporter = new Reporter(terminal, isJson);
  try {
    const context: Context = { reporter, terminal, signal, exitCode: EXIT.ok };
    await commandTree(program, context).parseAsync([...args], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return commanderExit(error, reporter);
    printError(reporter, error);
    return signal.aborted ? EXIT.interrupted : exitCodeOf(error);
  }
}

interface Context {
  readonly reporter: Reporter;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  exitCode: number;
}

function commandTree(program: CliProgram, context: Context): Command {
  const root = configured(new Command(program.name), context.terminal)
    .description(program.summary)
    .version(program.version);
  const groups = new Map<string, Command>();
  for (const command of program.commands) {
    const [head = '', ...rest] = command.path.split(' ');
    const tail = rest.join(' ');
    if (tail === '') {
      root.addCommand(leaf(head, command, context));
      continue;
    }
    let group = groups.get(head);
    if (group === undefined) {
      group = configured(new Command(head), context.terminal);
      group.description(program.groups?.[head] ?? head);
      groups.set(head, group);
      root.addCommand(group);
    }
    group.addCommand(leaf(tail, command, context));
  }
  return root;
}

function configured(command: Command, terminal: Terminal): Command {
  return command
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError('(add --help to see the options)')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    });
}

function leaf(name: string, command: AnyCliCommand, context: Context): Command {
  const made = configured(new Command(name), context.terminal).description(command.summary);
  for (const { name: arg, summary } of command.args ?? []) made.argument(arg, summary);
  const options = Object.entries(command.options as Record<string, CliOption>);
  for (const [, option] of options) made.addOption(toOption(option));
  made.option('--json', 'print the result as one line of JSON, everything else on standard error');
  if (command.details !== undefined) made.addHelpText('after', `\n${command.details}`);
  made.action(async (...received: unknown[]) => {
    const given = made.opts<Record<string, unknown>>();
    const count = command.args?.length ?? 0;
    const exitCode: unknown = await command.run({
      options: Object.fromEntries(
        options.map(([key, option]) => [key, given[nameOf(option)] ?? option.fallback]),
      ),
      args: received.slice(0, count) as (string | undefined)[],
      report: context.reporter,
      signal: context.signal,
    });
    if (typeof exitCode === 'number') context.exitCode = exitCode;
  });
  return made;
}

function toOption(option: CliOption): Option {
  const made = new Option(option.flags, option.summary);
  const { parse, fallback, isList } = option;
  if (typeof fallback === 'string' || typeof fallback === 'number') made.default(fallback);
  if (parse === undefined) return made;
  return made.argParser((text: string, previous: unknown) => {
    const value = parse(text, option.flags);
    if (!isList) return value;
    return [...((previous as unknown[] | undefined) ?? []), ...(value as unknown[])];
  });
}

function nameOf(option: CliOption): string {
  return new Option(option.flags).attributeName();
}

/** Help and version are no failures; Commander has printed its message already. */
function commanderExit(error: CommanderError, reporter: Reporter): number {
  if (error.exitCode === 0) return EXIT.ok;
  printErrorJson(reporter, errors.usage_invalid(error.message));
  return EXIT.usage;
}
