import { defineCommand, switchOption, type AnyCliCommand } from '@kiki/cli';
import { describeConfig, type Environment } from '@kiki/config';
import { configSchemas } from '@kiki/host';
import { allDefinitions } from '../installation/definitions.js';
import { ordersConfig } from '../orders/local-orders.js';

/** `kiki config` */
export function configCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'config',
    summary: 'Print every setting, where it came from and what it means; secrets are masked',
    options: { isChanged: switchOption('--changed', 'only what differs from the default') },
    run: ({ options, report }) => {
      const schemas = [...configSchemas(allDefinitions), ordersConfig];
      const rows = describeConfig(schemas, environment).filter(
        ({ source }) => !options.isChanged || source !== 'default',
      );
      report.result({ settings: rows }, () =>
        report.table(
          ['variable', 'value', 'from', 'meaning'],
          rows.map(({ env, value, source, doc }) => [env, value, source, doc]),
        ),
      );
    },
  });
}
