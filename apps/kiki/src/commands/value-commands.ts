import type { AnyCliCommand } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { backtestCommand } from './value-backtest-command.js';
import { fitCommand } from './value-fit-command.js';

/** `kiki value …`: the engine itself, in this process; no service, no store. */
export function valueCommands(environment: Environment): AnyCliCommand[] {
  return [fitCommand(environment), backtestCommand(environment)];
}
