import ipaddr from 'ipaddr.js';

/** Public by their range, but an inner service of a cloud. */
const METADATA = new Set(['168.63.129.16', '100.100.100.200', '169.254.169.254', '192.0.0.192']);

/**
 * Whether an address is on the open internet. Everything else is refused: private, loopback, link-local,
 * shared (CGNAT), unique local, multicast, reserved, benchmarking, and IPv6 that carries an IPv4 address
 * (mapped, compatible, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv6) {
    if (address.isIPv4MappedAddress()) return false;
    // ::/96, IPv4-compatible: deprecated, and a way around rules for IPv4.
    if (address.parts.slice(0, 6).every((part) => part === 0)) return false;
    return address.range() === 'unicast' && isGlobalUnicast(address);
  }
  return address.range() === 'unicast' && !METADATA.has(address.toString());
}

/** 2000::/3 is all that is assigned to the internet. */
function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return ((address.parts[0] ?? 0) & 0xe000) === 0x2000;
}
