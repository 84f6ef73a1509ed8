import { parseArgs } from 'node:util';
import { errorCatalogue, SystemClock } from '@kiki/kernel';
import { bannerLines, failureLines } from './banner.js';
import { errors } from './errors.js';
import type { AnyServiceDefinition } from './service-definition.js';
import { start, type Host, type StartOptions } from './start.js';

/** Two signals within this time are one: npm and nx each pass an interrupt on that the terminal sent already. */
const REPEAT_MS = 2000;

/**
 * The whole life of a service process: starts, prints where it listens, and on SIGINT or SIGTERM drains and exits
 * 0. A start that fails is explained on standard error and exits 1.
 */
export async function run(
  definitions: readonly AnyServiceDefinition[],
  options: StartOptions = {},
): Promise<void> {
  const stopRequested = untilSignal();
  let host: Host;
  try {
    host = await start(definitions, { ...argumentsOf(process.argv.slice(2)), ...options });
  } catch (error) {
    print(
      process.stderr,
      failureLines(error, (code) => errorCatalogue().get(code)?.fix),
    );
    process.exit(1);
  }
  print(process.stdout, bannerLines(host));
  await stopRequested;
  await host.stop();
  process.exit(0);
}

/** Resolves at the first signal; one that comes later than its echoes ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  const clock = new SystemClock();
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstMs === undefined) {
        firstMs = clock.monotonicMs();
        resolve(signal);
      } else if (clock.monotonicMs() - firstMs > REPEAT_MS) {
        process.exit(1);
      }
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** `--port-base N`. @throws arguments_invalid */
function argumentsOf(texts: string[]): Pick<StartOptions, 'portBase'> {
  let text: string | undefined;
  try {
    text = parseArgs({ args: texts, options: { 'port-base': { type: 'string' } } }).values[
      'port-base'
    ];
  } catch (error) {
    throw errors.arguments_invalid((error as Error).message, {}, { cause: error });
  }
  if (text === undefined) return {};
  const portBase = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(portBase <= 65_000)) {
    throw errors.arguments_invalid(
      `--port-base: expected a number from 0 to 65000, got "${text}".`,
    );
  }
  return { portBase };
}

function print(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  stream.write(`${lines.join('\n')}\n`);
}
