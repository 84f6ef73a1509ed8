import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Logger } from '@kiki/logging';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { edgeError } from './edge-error.js';
import { PROBLEM_TYPE, problemJson, problemOf } from './problem.js';

/** Turns everything thrown on an HTTP route into problem details; faults of ours are logged with their stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = edgeError(exception);
    const { status, headers, body } = problemOf(error, String(request.id));
    if (status >= 500) this.log(status, body.code, error, request);
    if (reply.sent) return;
    void reply.status(status).headers(headers).type(PROBLEM_TYPE).send(problemJson(body));
  }

  private log(status: number, code: string, error: unknown, request: FastifyRequest): void {
    const route = request.routeOptions?.url ?? 'none';
    const fields = {
      requestId: String(request.id),
      method: request.method,
      route,
      status,
      code,
      error,
    };
    if (status === 500) this.logger.error('request failed', fields);
    else this.logger.warn('request could not be served', fields);
  }
}
