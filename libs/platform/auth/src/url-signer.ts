import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@kiki/kernel';
import { errors } from './errors.js';
import { UrlSigner, type SignedClaim } from './ports.js';

const VERSION = 1;
const HEADER_BYTES = 8;
/** HMAC-SHA256 cut to 128 bits, as RFC 4868 does: short links, no practical forgery. */
const MAC_BYTES = 16;

/**
 * Tokens of signed URLs, base64url of: version (1), expiry in ms (6), length of tenant (1), tenant, subject, MAC (16).
 * The purpose is not carried but authenticated: a token for one purpose is nothing for another.
 */
export class HmacUrlSigner extends UrlSigner {
  private readonly keys: readonly [Buffer, ...Buffer[]];

  constructor(
    rootSecret: string,
    private readonly clock: Clock,
    previousSecrets: readonly string[] = [],
  ) {
    super();
    const keyOf = (secret: string): Buffer =>
      createHmac('sha256', secret).update('kiki signed url v1').digest();
    this.keys = [keyOf(rootSecret), ...previousSecrets.map(keyOf)];
  }

  override sign(claim: SignedClaim): string {
    const tenant = Buffer.from(claim.tenant);
    if (tenant.length === 0 || tenant.length > 255) throw new RangeError('tenant: 1 to 255 bytes');
    if (!Number.isInteger(claim.expiresAtMs) || claim.expiresAtMs < 0) {
      throw new RangeError('expiresAtMs: a whole number of milliseconds');
    }
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(VERSION, 0);
    header.writeUIntBE(claim.expiresAtMs, 1, 6);
    header.writeUInt8(tenant.length, 7);
    const body = Buffer.concat([header, tenant, Buffer.from(claim.subject)]);
    return Buffer.concat([body, macOf(this.keys[0], body, claim.purpose)]).toString('base64url');
  }

  override verify(token: string, purpose: string): SignedClaim {
    const bytes = Buffer.from(token, 'base64url');
    // The decoder forgives; one claim has exactly one spelling.
    if (bytes.toString('base64url') !== token) throw errors.token_invalid();
    if (bytes.length <= HEADER_BYTES + MAC_BYTES) throw errors.token_invalid();
    const body = bytes.subarray(0, -MAC_BYTES);
    const mac = bytes.subarray(-MAC_BYTES);
    if (!this.keys.some((key) => timingSafeEqual(macOf(key, body, purpose), mac))) {
      throw errors.token_invalid();
    }
    const claim = claimOf(body, purpose);
    if (this.clock.nowMs() >= claim.expiresAtMs) throw errors.token_expired();
    return claim;
  }
}

function macOf(key: Buffer, body: Buffer, purpose: string): Buffer {
  const mac = createHmac('sha256', key);
  return mac
    .update(`${Buffer.byteLength(purpose)}:${purpose}`)
    .update(body)
    .digest()
    .subarray(0, MAC_BYTES);
}

function claimOf(body: Buffer, purpose: string): SignedClaim {
  const tenantEnd = HEADER_BYTES + body.readUInt8(7);
  if (body.readUInt8(0) !== VERSION || tenantEnd > body.length) throw errors.token_invalid();
  return {
    tenant: body.toString('utf8', HEADER_BYTES, tenantEnd),
    purpose,
    subject: body.toString('utf8', tenantEnd),
    expiresAtMs: body.readUIntBE(1, 6),
  };
}
