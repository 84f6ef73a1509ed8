import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { loadConfig, type Environment, type SharedConfig } from '@kiki/config';
import { ModelLabel } from '@kiki/contract-syncvalue';
import { configSchemas, endpointConfig, type ServiceName } from '@kiki/host';
import { DomainError } from '@kiki/kernel';
import { syncValueClient } from '../commands/import-command.js';
import { allDefinitions } from '../installation/definitions.js';
import { findings, type Finding } from './finding.js';
import { failureOf } from './store-checks.js';

/** Is this Node new enough? */
export function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const { ok, failed } = findings('node');
  if (major > 24 || (major === 24 && minor >= 9)) return ok(`Node ${process.versions.node}`);
  return failed(
    `Node ${process.versions.node} is older than 24.9`,
    'Start KIKI through npm (npm run kiki -- …): the workspace brings its own Node 24.',
  );
}

/** Can every setting be read? */
export function checkSettings(environment: Environment): Finding {
  try {
    loadConfig(configSchemas(allDefinitions), environment);
    return findings('settings').ok('every variable can be read');
  } catch (error) {
    return failureOf('settings', error);
  }
}

const LEAST_FREE_BYTES = 500_000_000;

/** Can state be kept? */
export function checkHome({ home }: SharedConfig): Finding {
  const { ok, failed } = findings('home');
  let place = home;
  while (!existsSync(place)) place = dirname(place);
  try {
    accessSync(place, constants.W_OK);
  } catch {
    return failed(
      `${place} cannot be written`,
      'Set KIKI_HOME to a folder that this user may write.',
    );
  }
  const { bavail, bsize } = statfsSync(place);
  if (bavail * bsize < LEAST_FREE_BYTES) {
    return failed(
      `${place} has less than 500 MB left`,
      'Free some space, or set KIKI_HOME elsewhere.',
    );
  }
  return ok(home);
}

/** Is each port free, or held by the service it belongs to? */
export async function checkPorts(environment: Environment, address: string): Promise<Finding[]> {
  const ports = [
    { name: 'kiki' as const, port: 8080, variable: '--host-port' },
    ...allDefinitions.flatMap((definition) => {
      const config = loadConfig([endpointConfig(definition)], environment)[0] as {
        readonly httpPort: number;
        readonly grpcPort?: number;
      };
      const prefix = definition.name.toUpperCase();
      const { name } = definition;
      const http: PortOfService = {
        name,
        port: config.httpPort,
        variable: `${prefix}_HTTP_PORT`,
      };
      const { grpcPort } = config;
      if (grpcPort === undefined) return [http];
      const grpc = { name, port: grpcPort, variable: `${prefix}_GRPC_PORT` };
      return [http, { ...grpc, besides: config.httpPort }];
    }),
  ];
  return Promise.all(ports.map((one) => checkPort(one, address)));
}

interface PortOfService {
  readonly name: ServiceName | 'kiki';
  readonly port: number;
  readonly variable: string;
  /** The HTTP port that says who holds a gRPC port. */
  readonly besides?: number;
}

async function checkPort(one: PortOfService, address: string): Promise<Finding> {
  const { ok, failed } = findings(`port ${one.port}`);
  if (await isFree(one.port, address)) return ok(`free for ${one.name}`);
  const owner = await serviceAt(one.besides ?? one.port);
  if (owner === one.name) return ok(`${one.name} runs`);
  return failed(
    `taken by ${owner ?? 'another program'}`,
    `Stop it, set ${one.variable} to another port, or start with --port-base.`,
  );
}

function isFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

async function serviceAt(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(2_000),
    });
    return ((await response.json()) as { service?: string }).service;
  } catch {
    return undefined;
  }
}

/** Is there a model that answers? */
export async function checkModel(environment: Environment): Promise<Finding> {
  const { ok, warn, skipped } = findings('model');
  const client = syncValueClient(environment);
  try {
    await client.ready(1_000);
    const label = { $case: 'label', value: ModelLabel.CHAMPION } as const;
    const { model } = await client.getModel(label);
    return ok(`${model?.modelVersion} answers for tenant "default"`);
  } catch (error) {
    if (!DomainError.is(error)) throw error;
    if (error.kind === 'unavailable' || error.kind === 'deadline') {
      return skipped('SyncValue does not run');
    }
    if (error.code !== 'model_missing' && error.code !== 'model_not_found') {
      return failureOf('model', error);
    }
    return warn('tenant "default" has no model yet', 'kiki import <order log> --fit');
  } finally {
    client.close();
  }
}
