import {
  defineConfig,
  flag,
  integer,
  loadConfig,
  port,
  profileOf,
  sharedConfig,
  variable,
  type ConfigOf,
  type ConfigSchema,
  type Environment,
  type Profile,
  type SharedConfig,
} from '@kiki/config';
import { z } from 'zod';
import type { AnyServiceDefinition, ServiceName } from './service-definition.js';

/** What the host itself can be told. */
export const hostConfig = defineConfig('host', {
  databaseConnections: variable({
    env: 'KIKI_DATABASE_CONNECTIONS',
    schema: integer({ min: 2, max: 200, default: 6 }),
    doc: "Most connections of one service's pool; five services and their queues stay below 60 by default.",
  }),
  queueConnections: variable({
    env: 'KIKI_QUEUE_CONNECTIONS',
    schema: integer({ min: 2, max: 50, default: 3 }),
    doc: "Most connections of one service's queues where PostgreSQL holds them, one of them for LISTEN.",
  }),
  isDocsPublic: variable({
    env: 'KIKI_DOCS_PUBLIC',
    schema: flag(false),
    doc: 'Whether /docs and /openapi.json answer without a key; otherwise any key of the service may read them.',
  }),
  previousSecrets: variable({
    env: 'KIKI_PREVIOUS_SECRETS',
    schema: z
      .string()
      .default('')
      .transform((text) => text.split(',').filter((secret) => secret.trim() !== '')),
    doc: 'Earlier values of KIKI_SECRET, separated by commas, that still verify links and payloads.',
    isSecret: true,
  }),
});

/** Where one service listens and, if the operator gave it one, its own key. */
export interface EndpointConfig {
  readonly httpPort: number;
  readonly grpcPort?: number | undefined;
  readonly serviceKey?: string | undefined;
}

/** One service and what it was told. */
export interface ServiceSettings {
  readonly definition: AnyServiceDefinition;
  readonly config: unknown;
  readonly endpoint: EndpointConfig;
}

/** Everything that was read from the environment. */
export interface HostSettings {
  readonly shared: SharedConfig;
  readonly host: ConfigOf<typeof hostConfig.variables>;
  readonly services: readonly ServiceSettings[];
  readonly profile: Profile;
  readonly environment: Environment;
}

/** Services start in this order and stop in the reverse one, so that nobody outlives what it calls. */
const START_ORDER: readonly ServiceName[] = [
  'syncvalue',
  'syncshield',
  'syncflow',
  'syncengage',
  'synccreate',
];

/** `<SERVICE>_HTTP_PORT`, `<SERVICE>_GRPC_PORT`, `<SERVICE>_SERVICE_KEY`. */
export function endpointConfig({ name, title, endpoints }: AnyServiceDefinition): ConfigSchema {
  const prefix = name.toUpperCase();
  const { grpc } = endpoints;
  return defineConfig(name, {
    httpPort: variable({
      env: `${prefix}_HTTP_PORT`,
      schema: port(endpoints.httpPort),
      doc: `HTTP port of ${title}; 0 takes a free one.`,
    }),
    ...(grpc && {
      grpcPort: variable({
        env: `${prefix}_GRPC_PORT`,
        schema: port(grpc.port),
        doc: `gRPC port of ${title}; 0 takes a free one.`,
      }),
    }),
    serviceKey: variable({
      env: `${prefix}_SERVICE_KEY`,
      schema: z.string().optional(),
      doc: `Own key of ${title} for calling others; default: derived from the root secret.`,
      isSecret: true,
    }),
  });
}

/** Every schema that the services read, for `kiki config`. */
export function configSchemas(definitions: readonly AnyServiceDefinition[]): ConfigSchema[] {
  const own = definitions.flatMap((definition) => [
    endpointConfig(definition),
    definition.config as ConfigSchema,
  ]);
  return [sharedConfig, hostConfig, ...own];
}

/** Reads everything at once. @throws config_invalid naming every problem of every service */
export function loadSettings(
  definitions: readonly AnyServiceDefinition[],
  environment: Environment,
): HostSettings {
  const ordered = START_ORDER.flatMap((name) => definitions.filter((one) => one.name === name));
  const [shared, host, ...own] = loadConfig(configSchemas(ordered), environment) as unknown[];
  const services = ordered.map((definition, i) => ({
    definition,
    endpoint: own[2 * i] as EndpointConfig,
    config: own[2 * i + 1],
  }));
  const settings = shared as SharedConfig;
  return {
    shared: settings,
    host: host as HostSettings['host'],
    services,
    profile: profileOf(settings),
    environment,
  };
}
