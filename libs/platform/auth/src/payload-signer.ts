import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson, type Clock } from '@kiki/kernel';
import { parseApiKey, signingKeyOf } from './api-key.js';
import { errors } from './errors.js';
import type { KeyDirectory, KeyRecord } from './key-directory.js';
import { PayloadSigner } from './ports.js';
import type { Principal } from './principal.js';
import { hasScope, serviceOf } from './scopes.js';
import type { DerivedServiceKeys } from './service-keys.js';

type Payload = Readonly<Record<string, unknown>>;

function signatureOf(signingKey: Uint8Array, payload: Payload): Buffer {
  const { sig: _sig, ...signed } = payload;
  return createHmac('sha256', signingKey).update(canonicalJson(signed)).digest();
}

/**
 * Signs a payload with an API key, for producers outside the platform: the result carries `tenant`, `keyId` and `sig`.
 * The signature is HMAC-SHA256 over the canonical JSON of everything but `sig`, in base64url.
 */
export function signPayload<T extends Payload>(
  key: string,
  tenant: string,
  payload: T,
): T & { tenant: string; keyId: string; sig: string } {
  const { id: keyId } = parseApiKey(key);
  const body = { ...payload, tenant, keyId };
  return { ...body, sig: signatureOf(signingKeyOf(key), body).toString('base64url') };
}

/** Signs with the service's own key and verifies against the directory of keys. */
export class KeyPayloadSigner extends PayloadSigner {
  private readonly keyId: string;
  private readonly signingKey: Buffer;

  constructor(
    ownKey: string,
    private readonly directory: KeyDirectory,
    private readonly serviceKeys: DerivedServiceKeys,
    private readonly clock: Clock,
  ) {
    super();
    this.keyId = parseApiKey(ownKey).id;
    this.signingKey = signingKeyOf(ownKey);
  }

  override async sign(tenant: string, payload: Payload): Promise<{ keyId: string; sig: string }> {
    const sig = signatureOf(this.signingKey, { ...payload, tenant, keyId: this.keyId });
    return { keyId: this.keyId, sig: sig.toString('base64url') };
  }

  override async verify(payload: Payload, scope: string): Promise<Principal> {
    const { tenant, keyId, sig } = payload;
    if (typeof sig !== 'string' || typeof keyId !== 'string' || typeof tenant !== 'string') {
      throw errors.signature_missing();
    }
    const key = this.serviceKeys.find(keyId) ?? (await this.directory.keys.get(keyId));
    if (key === null) throw errors.signature_invalid(`There is no key "${keyId}".`);
    this.checkSignature(key, payload, sig);
    this.checkKey(key, tenant);
    await this.checkTenant(tenant);
    if (!hasScope(key.scopes, scope)) {
      throw errors.scope_missing(`Key ${keyId} lacks the scope ${scope}.`, {
        requiredScope: scope,
      });
    }
    const service = serviceOf(key.scopes);
    return { keyId, tenant, scopes: key.scopes, ...(service === undefined ? {} : { service }) };
  }

  private checkSignature(key: KeyRecord, payload: Payload, sig: string): void {
    const given = Buffer.from(sig, 'base64url');
    const derived = this.serviceKeys.signingKeysOf(key.keyId);
    const isValid = (derived.length > 0 ? derived : [key.signingKey]).some((signingKey) => {
      const expected = signatureOf(signingKey, payload);
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    if (!isValid) throw errors.signature_invalid();
  }

  private checkKey(key: KeyRecord, tenant: string): void {
    if (key.isRevoked) throw errors.signature_invalid(`Key ${key.keyId} was revoked.`);
    if (this.clock.nowMs() >= key.expiresAtMs) {
      throw errors.signature_invalid(`Key ${key.keyId} has expired.`);
    }
    if (serviceOf(key.scopes) === undefined && key.tenant !== tenant)
      throw errors.tenant_forbidden();
  }

  private async checkTenant(tenant: string): Promise<void> {
    const record = await this.directory.tenants.get(tenant);
    if (record === null) throw errors.tenant_unknown(`There is no tenant "${tenant}".`);
    if (record.isSuspended) throw errors.tenant_suspended();
  }
}
