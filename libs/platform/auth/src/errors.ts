import { defineErrors } from '@kiki/kernel';

const HOW_TO_GET_A_KEY =
  'Create a key with `kiki keys create` and send it as `Authorization: Bearer kiki_…`.';

/** Codes of authentication, authorization, signatures, tenants and limits. */
export const errors = defineErrors({
  key_missing: {
    kind: 'unauthenticated',
    title: 'The call carries no API key.',
    fix: HOW_TO_GET_A_KEY,
  },
  key_malformed: {
    kind: 'unauthenticated',
    title: 'The API key is not well-formed: its shape or its checksum is wrong.',
    fix: `Copy the whole key, \`kiki_<env>_<id>_<secret>\`. ${HOW_TO_GET_A_KEY}`,
  },
  key_unknown: {
    kind: 'unauthenticated',
    title: 'There is no such API key here.',
    fix: `Check that the key was made on this installation. ${HOW_TO_GET_A_KEY}`,
  },
  key_expired: {
    kind: 'unauthenticated',
    title: 'The API key has expired.',
    fix: `Rotate keys before they expire with \`kiki keys rotate\`. ${HOW_TO_GET_A_KEY}`,
  },
  key_revoked: {
    kind: 'unauthenticated',
    title: 'The API key was revoked.',
    fix: HOW_TO_GET_A_KEY,
  },
  scope_missing: {
    kind: 'forbidden',
    title: 'The API key does not have the scope that this route asks for.',
    fix: 'Use a key with the scope named in `requiredScope`: `kiki keys create --scope <scope>`.',
  },
  route_undeclared: {
    kind: 'forbidden',
    title: 'This route declares neither a scope nor that it is public, so nobody may call it.',
    fix: 'Report it: the route lacks `@RequireScope`, `@SignedRoute` or `@PublicRoute`.',
  },
  tenant_forbidden: {
    kind: 'forbidden',
    title: 'Only a service key may act for another tenant.',
    fix: 'Leave `kiki-tenant` out, or use a key of that tenant.',
  },
  tenant_unknown: {
    kind: 'forbidden',
    title: 'There is no such tenant.',
    fix: 'List tenants with `kiki tenants list`; a service key names one in `kiki-tenant`.',
  },
  tenant_suspended: {
    kind: 'forbidden',
    title: 'The tenant is suspended.',
    fix: 'Resume it with `kiki tenants resume`.',
  },
  tenant_exists: {
    kind: 'conflict',
    title: 'There is already a tenant of this id.',
    fix: 'Choose another id.',
  },
  key_not_rotatable: {
    kind: 'unprocessable',
    title: 'The key cannot be rotated: it is revoked, expired or already has a successor.',
    fix: 'Rotate its successor, or create a new key.',
  },
  token_invalid: {
    kind: 'forbidden',
    title: 'The signed link is not valid.',
    fix: 'Use the link exactly as it was sent.',
  },
  token_expired: {
    kind: 'forbidden',
    title: 'The signed link has expired.',
    fix: 'Ask for a new link.',
  },
  signature_missing: {
    kind: 'unauthenticated',
    title: 'The payload is not signed.',
    fix: 'Sign the payload: set `tenant`, `keyId` and `sig` (HMAC-SHA256 of its canonical JSON).',
  },
  signature_invalid: {
    kind: 'unauthenticated',
    title: 'The signature does not match the payload, or its key is not valid.',
    fix: 'Sign the exact payload with the signing key of a live key of that tenant.',
  },
  rate_limited: {
    kind: 'rate_limited',
    title: 'Too many requests.',
    fix: 'Retry after the time in `Retry-After`.',
  },
});
