import { defineCommand, textOption, type AnyCliCommand } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { withInstallation } from '../installation/installation.js';

/** `kiki live …`: what may really leave the building. */
export function liveCommands(environment: Environment): AnyCliCommand[] {
  return [
    toggle(environment, true),
    toggle(environment, false),
    defineCommand({
      path: 'live list',
      summary: 'List the channels that somebody switched; every other one only dry-runs',
      options: { tenant: textOption('--tenant <tenant>', 'only of this tenant', undefined) },
      run: ({ options, report }) =>
        withInstallation(environment, async ({ auth }) => {
          const channels = await auth.admin.listLiveChannels(options.tenant);
          report.result({ channels }, () =>
            report.table(
              ['tenant', 'channel', 'live', 'since', 'by'],
              channels.map((c) => [c.tenant, c.channel, c.isLive, c.changedAt, c.changedBy]),
            ),
          );
        }),
    }),
  ];
}

function toggle(environment: Environment, isLive: boolean): AnyCliCommand {
  const verb = isLive ? 'on' : 'off';
  return defineCommand({
    path: `live ${verb}`,
    summary: isLive ? 'Let a channel really send and spend' : 'Let a channel only dry-run',
    args: [{ name: '<channel>', summary: 'e.g. email, search, social' }],
    options: { tenant: textOption('--tenant <tenant>', 'whose channel', 'default') },
    run: ({ args, options, report }) =>
      withInstallation(environment, async ({ auth }) => {
        const { tenant } = options;
        const channel = args[0] ?? '';
        await auth.admin.setLiveChannel({ tenant, channel, isLive, changedBy: 'kiki live' });
        report.result({ tenant, channel, isLive }, () =>
          report.say(`Channel ${channel} of tenant "${tenant}" is ${isLive ? 'live' : 'dry'}.`),
        );
      }),
  });
}
