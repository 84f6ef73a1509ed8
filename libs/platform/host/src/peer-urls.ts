import type { PeerName } from '@kiki/auth';
import { portBehind, reachable, type ServicePorts } from './ports.js';
import type { HostSettings } from './settings.js';

/** Variables that name a peer, besides `<SERVICE>_URL`. */
const ALIASES: Readonly<Partial<Record<PeerName, string>>> = { syncshield: 'SHIELD_URL' };

/**
 * Where each service is reached: as the environment says; else in this process; else behind the same port base; else at
 * its default port.
 */
export function peerUrls(
  { shared, environment }: HostSettings,
  ports: ReadonlyMap<PeerName, ServicePorts>,
  portBase: number | undefined,
): Record<PeerName, string> {
  const urlOf = (name: PeerName, configured: string): string => {
    const variables = [`${name.toUpperCase()}_URL`, ALIASES[name]];
    if (variables.some((variable) => variable !== undefined && environment[variable])) {
      return configured;
    }
    const own = ports.get(name);
    const scheme = name === 'syncvalue' ? '' : 'http://';
    if (own) return `${scheme}${reachable(shared.bindHost, (own.grpc ?? own.http).port)}`;
    if (!portBase) return configured;
    return `${scheme}127.0.0.1:${portBehind(portBase, name)}`;
  };
  return {
    syncvalue: urlOf('syncvalue', shared.syncvalueUrl),
    syncshield: urlOf('syncshield', shared.syncshieldUrl),
    syncflow: urlOf('syncflow', shared.syncflowUrl),
    syncengage: urlOf('syncengage', shared.syncengageUrl),
    synccreate: urlOf('synccreate', shared.synccreateUrl),
  };
}
