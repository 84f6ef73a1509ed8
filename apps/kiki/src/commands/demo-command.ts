import { resolve } from 'node:path';
import {
  choiceOption,
  dayOption,
  defineCommand,
  integerOption,
  switchOption,
  textOption,
  type AnyCliCommand,
  type Reporter,
} from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { runDemo } from '../demo/run-demo.js';
import { DEFAULT_STAND_IN_PORT, standInPorts, standInSettings } from '../demo/stand-ins.js';
import { DEFAULT_CURRENCY, orderLogOptions, readingOf } from '../orders/order-log-options.js';

/** `kiki demo` */
export function demoCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'demo',
    summary:
      'Run the main job from order log to win-back against a simulated exchange, and check it',
    details:
      'Runs on the stores of the profile: nothing set (laptop), DATABASE_URL and REDIS_URL (standard).\n' +
      'With --attach the five run already, each started with the lines of --print-environment.\n' +
      'Example: npm run demo -- --orders orders.csv --columns id=customer,date=created_at,amount=total --json',
    options: {
      orders: textOption(
        '--orders <file>',
        'order log; without it one is simulated and labelled so',
        undefined,
      ),
      ...orderLogOptions,
      seed: integerOption('--seed <n>', 'seed of everything that is simulated', {
        ...{ min: 0, max: 2_147_483_647, fallback: 7 },
      }),
      calibrationEnd: dayOption(
        '--calibration-end <day>',
        'last day the back-tested fit may see; default: first day + half the span',
      ),
      timeUnit: choiceOption(
        '--time-unit <unit>',
        'time unit of the model',
        ['day', 'week', 'month'],
        'week',
      ),
      opportunities: integerOption('--opportunities <n>', 'about how many are offered', {
        ...{ min: 1_000, max: 1_000_000, fallback: 12_000 },
      }),
      outDir: textOption(
        '--out <folder>',
        'where chart, contact sheet and creatives go',
        'out/demo',
      ),
      isAttached: switchOption('--attach', 'use services that run already, on the same stores'),
      printsEnvironment: switchOption(
        '--print-environment',
        'only print what those services have to be started with',
      ),
      standInPort: integerOption(
        '--stand-in-port <n>',
        'with these two: first of three ports, of link, exchange and mail',
        { min: 1_024, max: 65_533, fallback: DEFAULT_STAND_IN_PORT },
      ),
    },
    run: async ({ options, report, signal }) => {
      if (options.printsEnvironment) return printEnvironment(report, options.standInPort);
      const { orders, seed, timeUnit, opportunities, isAttached, standInPort } = options;
      const { currency = DEFAULT_CURRENCY } = options;
      const result = await runDemo({
        ...{ environment, report, signal },
        options: {
          ...{ orders, seed, timeUnit, opportunities, isAttached, standInPort },
          calibrationEndMs: options.calibrationEnd,
          outDir: resolve(options.outDir),
          orderLog: { ...readingOf(options), currency },
        },
      });
      report.result(result);
    },
  });
}

/** Lines for the shells of the services: `eval "$(npx kiki demo --print-environment)"`. */
function printEnvironment(report: Reporter, standInPort: number): void {
  const environment = standInSettings(standInPorts(standInPort));
  report.result({ environment }, () => {
    for (const [name, value] of Object.entries(environment)) report.say(`export ${name}=${value}`);
  });
}
