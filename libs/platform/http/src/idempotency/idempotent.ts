import { createHash } from 'node:crypto';
import {
  applyDecorators,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { canonicalJson } from '@kiki/kernel';
import { principalOf } from '@kiki/auth';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { errors } from '../errors.js';
import { IdempotencyStore, type FirstAnswer, type IdempotentRequest } from './idempotency-store.js';

const USABLE = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs a request with an `Idempotency-Key` once: a repetition gets the first answer with `idempotency-replayed: true`,
 * another request under the same key is refused. Without the header nothing changes.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly store: IdempotencyStore) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return next.handle();
    if (typeof key !== 'string' || !USABLE.test(key)) throw errors.idempotency_key_invalid();
    const subject = describe(request, key, principalOf(context)?.tenant ?? '');
    return from(this.once(subject, http.getResponse<FastifyReply>(), next));
  }

  private async once(
    subject: IdempotentRequest,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    const turn = await this.store.begin(subject);
    if (turn.kind === 'replay') return replay(turn.answer, reply);
    let result: unknown;
    try {
      result = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      await this.store.release(subject, turn.owner);
      throw error;
    }
    const body = result === undefined ? undefined : JSON.stringify(result);
    await this.store.finish(subject, turn.owner, { status: reply.statusCode, body });
    return result;
  }
}

/** Makes a POST without an id of its own repeatable by `Idempotency-Key`. */
export const Idempotent = (): MethodDecorator =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'idempotency-key',
      required: false,
      description: 'A new UUID per new request; a repetition within a day gets the first answer.',
    }),
  );

function describe(request: FastifyRequest, key: string, tenant: string): IdempotentRequest {
  const content = `${request.url}\0${canonicalJson(request.body ?? null)}`;
  return {
    tenant,
    route: `${request.method} ${request.routeOptions.url ?? request.url}`,
    key,
    requestSha256: createHash('sha256').update(content).digest(),
  };
}

function replay(answer: FirstAnswer, reply: FastifyReply): unknown {
  void reply.status(answer.status).header('idempotency-replayed', 'true');
  return answer.body === undefined ? undefined : (JSON.parse(answer.body) as unknown);
}
