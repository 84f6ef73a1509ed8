import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

const BODY_LIMIT_BYTES = 64 * 1024;

/** What of Fastify is used here. */
interface ContentTypes {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    options: { readonly parseAs: 'buffer'; readonly bodyLimit: number },
    parser: (request: unknown, body: unknown, done: (error: null, body: object) => void) => void,
  ): void;
}

/**
 * Mailbox providers may send the one-click POST as a form of either kind (RFC 8058 §3.1). What it
 * says is known already, so that the body is swallowed.
 */
@Injectable()
export class OneClickBodies implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<ContentTypes>();
    for (const type of ['multipart/form-data', 'application/x-www-form-urlencoded']) {
      if (fastify.hasContentTypeParser(type)) continue;
      const options = { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES } as const;
      fastify.addContentTypeParser(type, options, (_request, _body, done) => done(null, {}));
    }
  }
}
