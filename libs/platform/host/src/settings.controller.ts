import { RequireScope, type PeerName, type Peers } from '@kiki/auth';
import { describeConfig, maskUrl } from '@kiki/config';
import { Answers } from '@kiki/http';
import { Controller, Get, Header, type DynamicModule } from '@nestjs/common';
import { z } from 'zod';
import { configSchemas, type HostSettings, type ServiceSettings } from './settings.js';

const SettingsAnswer = z.object({
  service: z.string(),
  settings: z
    .record(z.string(), z.string())
    .describe('Value of each variable, also of those left at their defaults.'),
});

/** The body of `/settings`. */
export type SettingsAnswer = z.infer<typeof SettingsAnswer>;

const PEERS: readonly PeerName[] = [
  'syncvalue',
  'syncshield',
  'syncflow',
  'syncengage',
  'synccreate',
];

/** What a service was started with, secrets masked, and where it reaches the others. */
export function settingsAnswer(
  { environment }: HostSettings,
  { definition }: ServiceSettings,
  peers: Peers,
): SettingsAnswer {
  const rows = describeConfig(configSchemas([definition]), environment);
  const addresses = PEERS.map(
    (name) => [`${name.toUpperCase()}_URL`, maskUrl(peers.url(name))] as const,
  );
  return {
    service: definition.name,
    settings: {
      ...Object.fromEntries(rows.map(({ env, value }) => [env, value])),
      ...Object.fromEntries(addresses),
    },
  };
}

/** `/settings` of one service: for operators, since it names other machines. */
export function settingsModule(answer: SettingsAnswer): DynamicModule {
  @Controller()
  class SettingsController {
    /** What the service was started with; secrets are masked. */
    @Get('settings')
    @RequireScope('platform:read')
    @Header('cache-control', 'no-store')
    @Answers(200, SettingsAnswer, 'What the service was started with; secrets are masked.')
    settings(): SettingsAnswer {
      return answer;
    }
  }
  return { module: class SettingsModule {}, controllers: [SettingsController] };
}
