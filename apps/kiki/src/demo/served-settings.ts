import { AD_CHANNELS } from './plan.js';
import type { HttpService } from './demo-services.js';

/** Values of variables by their names. */
export type Settings = Readonly<Record<string, string>>;

/** Which services read a variable of the demo. */
const READERS: Readonly<Record<string, readonly HttpService[]>> = {
  SYNCVALUE_URL: ['syncflow', 'syncengage'],
  SYNCFLOW_EXCHANGES: ['syncflow'],
  SYNCFLOW_BREAKER_OPEN_MS: ['syncflow'],
  SYNCFLOW_VALUE_TIMEOUT_MS: ['syncflow'],
  SYNCENGAGE_SMTP_URL: ['syncengage'],
};

/**
 * A sentence for each setting that a service was not started with.
 * @param running what the services that were found show in `/settings`
 */
export function unlikeSettings(
  settings: Settings,
  running: Readonly<Partial<Record<HttpService, Settings>>>,
): string[] {
  return Object.entries(settings).flatMap(([variable, wanted]) =>
    (READERS[variable] ?? []).flatMap((service) => {
      const shown = running[service];
      if (shown === undefined) return [];
      const value = compared(variable, shown[variable] ?? '');
      if (value === wanted) return [];
      return [`${service} needs ${variable}=${wanted}, but has ${value || 'none'}.`];
    }),
  );
}

/** Of the exchanges only those of the demo's channels matter. */
function compared(variable: string, value: string): string {
  if (value === '(not set)') return '';
  if (variable !== 'SYNCFLOW_EXCHANGES') return value;
  const entries = value.split(',');
  return AD_CHANNELS.flatMap(
    (channel) => entries.find((entry) => entry.startsWith(`${channel}=`)) ?? [],
  ).join(',');
}
