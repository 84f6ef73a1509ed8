import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The one account of a test bucket. */
export interface S3Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

const CREDENTIAL = /^([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request$/;
const MAX_SKEW_MS = 15 * 60_000;

const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/**
 * Checks the `Authorization` header of a request by AWS Signature Version 4 (single chunk, as documented in
 * "Authenticating
 * Requests (AWS Signature Version 4)" of the S3 API reference). Returns the S3 error code, or undefined when it is
 * right.
 */
export function signatureFault(
  request: IncomingMessage,
  body: Uint8Array,
  account: S3Account,
): string | undefined {
  const fields = parseAuthorization(request.headers.authorization);
  if (fields === undefined) return 'AccessDenied';
  const [, keyId, day = '', region] = CREDENTIAL.exec(fields.Credential ?? '') ?? [];
  if (keyId !== account.accessKeyId) return 'InvalidAccessKeyId';
  if (region !== account.region) return 'AuthorizationHeaderMalformed';
  const time = String(request.headers['x-amz-date']);
  if (!time.startsWith(day) || isSkewed(time)) return 'RequestTimeTooSkewed';
  const payload = String(request.headers['x-amz-content-sha256']);
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== sha256(body))
    return 'XAmzContentSHA256Mismatch';
  const signed = (fields.SignedHeaders ?? '').split(';');
  if (mustBeSigned(request).some((name) => !signed.includes(name))) return 'AccessDenied';
  const scope = `${day}/${region}/s3/aws4_request`;
  const canonical = sha256(canonicalRequest(request, signed, payload));
  const text = ['AWS4-HMAC-SHA256', time, scope, canonical].join('\n');
  const key = ['s3', 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(hmac(`AWS4${account.secretAccessKey}`, day), region),
  );
  const [right, given] = [hmac(key, text), Buffer.from(fields.Signature ?? '', 'hex')];
  const isRight = right.length === given.length && timingSafeEqual(right, given);
  return isRight ? undefined : 'SignatureDoesNotMatch';
}

function parseAuthorization(
  header: string | undefined,
): Partial<Record<string, string>> | undefined {
  const [scheme, rest] = (header ?? '').split(/ (.*)/s);
  if (scheme !== 'AWS4-HMAC-SHA256' || rest === undefined) return undefined;
  const parts = rest.split(',').map((part) => part.trim().split(/=(.*)/s));
  return Object.fromEntries(parts.map(([name = '', value = '']) => [name, value]));
}

function isSkewed(time: string): boolean {
  const iso = time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return !(Math.abs(Date.parse(iso) - Date.now()) <= MAX_SKEW_MS);
}

/** `host`, and every `x-amz-*` header that came. */
function mustBeSigned(request: IncomingMessage): string[] {
  return ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
}

function canonicalRequest(request: IncomingMessage, signed: string[], payload: string): string {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://any');
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const query = [...searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = signed.map((name) => `${name}:${headerText(request, name)}\n`).join('');
  return [request.method, pathname, query, headers, signed.join(';'), payload].join('\n');
}

function headerText(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replace(/ +/g, ' ');
}
