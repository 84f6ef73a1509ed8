import { defineCommand, integerOption, type AnyCliCommand } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { bannerLines, start, type Host } from '@kiki/host';
import { allDefinitions } from '../installation/definitions.js';
import { HostServer } from '../installation/host-server.js';
import { sharedSettings } from '../installation/installation.js';

const DEFAULT_HOST_PORT = 8080;
/** Place of the host's port behind `--port-base`, after those of the services. */
const HOST_PLACE = 6;

/** `kiki up` */
export function upCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'up',
    summary: 'Start all five services in this process, until Ctrl-C',
    details:
      'With --port-base N the services listen on N … N+5 and the host on N+6; 0 takes free ports.',
    options: {
      portBase: integerOption('--port-base <n>', 'first port; 0: free ones', {
        ...{ min: 0, max: 65_000, fallback: undefined },
      }),
      hostPort: integerOption('--host-port <n>', 'port of the host; default 8080', {
        ...{ min: 0, max: 65_535, fallback: undefined },
      }),
    },
    run: async ({ options, report, signal }) => {
      const { portBase } = options;
      const host = await start(allDefinitions, {
        environment,
        ...(portBase === undefined ? {} : { portBase }),
      });
      const server = new HostServer(host);
      try {
        const { bindHost } = sharedSettings(environment);
        const url = await server.start(options.hostPort ?? hostPortOf(portBase), bindHost);
        report.result(summaryOf(host, url), () => {
          for (const line of bannerLines(host)) report.say(line);
          report.say(`  all of them: ${url}/ready  ${url}/metrics`);
          report.say('Next: kiki import <order log> --fit. Ctrl-C stops everything.');
        });
        await aborted(signal);
      } finally {
        await server.stop();
        await host.stop();
      }
    },
  });
}

function hostPortOf(portBase: number | undefined): number {
  if (portBase === undefined) return DEFAULT_HOST_PORT;
  return portBase === 0 ? 0 : portBase + HOST_PLACE;
}

function summaryOf(host: Host, url: string): object {
  return {
    profile: host.profile,
    stores: host.stores,
    url,
    services: host.services.map(({ name, httpUrl, grpcTarget }) => ({ name, httpUrl, grpcTarget })),
    firstKey: host.firstKey ?? null,
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
