import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signatureFault } from './s3-signature.js';
import type { S3Account } from './s3-signature.js';

/** An object in the test bucket; a test may spoil its bytes. */
export interface S3Entry {
  bytes: Buffer;
  readonly contentType: string;
}

/** A bucket of this process, spoken to in S3's own protocol. */
export interface TestS3 extends S3Account {
  /** `http://127.0.0.1:<port>`; path style. */
  readonly endpoint: string;
  readonly bucket: string;
  /** What it holds, by key. */
  readonly objects: Map<string, S3Entry>;
  /** Answers to these requests, oldest first: `PUT default/ab/… 200`. */
  readonly log: string[];
  /** The next request is answered with this status and error code. */
  failNext(status: number, code: string): void;
  /** Does not know `If-None-Match` on PUT: answers 501, as some S3-compatible stores do. */
  isWithoutConditions: boolean;
  stop(): Promise<void>;
}

const STATUS_OF: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  BadDigest: 400,
  InvalidAccessKeyId: 403,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
};

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly bucket: string;
  readonly key: string;
}

/**
 * A small S3-compatible server for tests, written after the S3 REST API reference; not a product and not a mock:
 * it speaks
 * HTTP, checks Signature Version 4 and `x-amz-checksum-sha256`, and knows PUT (also `If-None-Match: *`), GET, HEAD
 * and DELETE
 * of objects, HEAD of the bucket, ETags and XML errors. It knows no listings, multipart uploads, versions or policies.
 */
export async function startS3(): Promise<TestS3> {
  const account = {
    accessKeyId: 'AKIAKIKITEST',
    secretAccessKey: 'a secret of the test bucket only',
    region: 'eu-central-1',
  };
  const failures: { status: number; code: string }[] = [];
  const server = createServer((request, response) => {
    void collect(request).then((body) => {
      const { pathname } = new URL(request.url ?? '/', 'http://any');
      const [bucket = '', ...parts] = decodeURIComponent(pathname).slice(1).split('/');
      const exchange = { request, response, body, bucket, key: parts.join('/') };
      const failure = failures.shift();
      if (failure === undefined) answer(s3, exchange);
      else refuse(exchange, failure.code, failure.status);
      s3.log.push(`${request.method} ${exchange.key} ${response.statusCode}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const s3: TestS3 = {
    ...account,
    endpoint: `http://127.0.0.1:${port}`,
    bucket: 'kiki-objects',
    objects: new Map(),
    log: [],
    failNext: (status, code) => void failures.push({ status, code }),
    isWithoutConditions: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return s3;
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(s3: TestS3, exchange: Exchange): void {
  const { request, response, body, bucket, key } = exchange;
  const fault = signatureFault(request, body, s3);
  if (fault !== undefined) return refuse(exchange, fault);
  if (bucket !== s3.bucket) return refuse(exchange, 'NoSuchBucket');
  if (key === '') {
    if (request.method !== 'HEAD') return refuse(exchange, 'MethodNotAllowed');
    return void response.writeHead(200, { 'x-amz-bucket-region': s3.region }).end();
  }
  if (request.method === 'PUT') return put(s3, exchange);
  if (request.method === 'DELETE') {
    s3.objects.delete(key);
    return void response.writeHead(204).end();
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(exchange, 'MethodNotAllowed');
  }
  const entry = s3.objects.get(key);
  if (entry === undefined) return refuse(exchange, 'NoSuchKey');
  response.writeHead(200, {
    'content-type': entry.contentType,
    'content-length': entry.bytes.length,
    etag: etagOf(entry.bytes),
  });
  response.end(request.method === 'HEAD' ? undefined : entry.bytes);
}

function put(s3: TestS3, exchange: Exchange): void {
  const { request, response, body, key } = exchange;
  const condition = request.headers['if-none-match'];
  if (condition !== undefined && (s3.isWithoutConditions || condition !== '*')) {
    return refuse(exchange, 'NotImplemented');
  }
  const sum = request.headers['x-amz-checksum-sha256'];
  if (sum !== undefined && sum !== createHash('sha256').update(body).digest('base64')) {
    return refuse(exchange, 'BadDigest');
  }
  if (condition === '*' && s3.objects.has(key)) return refuse(exchange, 'PreconditionFailed');
  const contentType = request.headers['content-type'] ?? 'binary/octet-stream';
  s3.objects.set(key, { bytes: body, contentType });
  response.writeHead(200, { etag: etagOf(body) }).end();
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** S3 answers a HEAD without a body; the status is all that a client sees then. */
function refuse(
  { request, response, key }: Exchange,
  code: string,
  status = STATUS_OF[code],
): void {
  const xml =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>` +
    `<Message>${code}</Message><Resource>/${encodeURI(key)}</Resource><RequestId>1</RequestId></Error>`;
  response.writeHead(status ?? 500, { 'content-type': 'application/xml' });
  response.end(request.method === 'HEAD' ? undefined : xml);
}
