import { AD_CHANNELS } from './plan.js';
import type { HttpService } from './demo-services.js';

/** What `/ready` of the services says of their settings. */
export interface ReadyChecks {
  readonly syncvalue?: {
    readonly target?: string;
    readonly timeoutMs?: number;
    readonly breakerOpenMs?: number;
  };
  readonly exchanges?: { readonly channels?: Readonly<Record<string, string>> };
  readonly mail?: { readonly server?: string };
}

interface Shown {
  readonly service: HttpService;
  readonly of: (checks: ReadyChecks) => string | undefined;
}

/** Where a running service shows what it was started with. */
const SHOWN: Readonly<Record<string, Shown>> = {
  SYNCVALUE_URL: { service: 'syncflow', of: ({ syncvalue }) => syncvalue?.target },
  SYNCFLOW_EXCHANGES: { service: 'syncflow', of: exchanges },
  SYNCFLOW_BREAKER_OPEN_MS: {
    service: 'syncflow',
    of: ({ syncvalue }) => syncvalue?.breakerOpenMs?.toString(),
  },
  SYNCFLOW_VALUE_TIMEOUT_MS: {
    service: 'syncflow',
    of: ({ syncvalue }) => syncvalue?.timeoutMs?.toString(),
  },
  SYNCENGAGE_SMTP_URL: {
    service: 'syncengage',
    of: ({ mail }) => (mail?.server?.includes(':') ? `smtp://${mail.server}` : undefined),
  },
};

/** Only the channels of the demo matter. */
function exchanges({ exchanges: shown }: ReadyChecks): string | undefined {
  const known = AD_CHANNELS.filter((channel) => shown?.channels?.[channel] !== undefined);
  if (known.length === 0) return undefined;
  return known.map((channel) => `${channel}=http://${shown?.channels?.[channel]}`).join(',');
}

/** A sentence for each setting that a service was not started with; of the named services only. */
export function unlikeSettings(
  settings: Readonly<Record<string, string>>,
  checks: ReadyChecks,
  services: readonly HttpService[],
): string[] {
  return Object.entries(settings).flatMap(([variable, wanted]) => {
    const shown = SHOWN[variable];
    if (shown === undefined || !services.includes(shown.service)) return [];
    const running = shown.of(checks);
    if (running === wanted) return [];
    return [`${shown.service} needs ${variable}=${wanted}, but has ${running ?? 'none'}.`];
  });
}
