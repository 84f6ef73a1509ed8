import type { INestApplication } from '@nestjs/common';
import type { ServiceReadiness } from '@kiki/health';
import type { HttpApplication } from '@kiki/http';
import type { GrpcTransport } from '@kiki/grpc';
import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Queues } from '@kiki/queue';
import type { ServiceName } from './service-definition.js';

/** A started service, as the caller of `start()` sees it. */
export interface RunningService {
  readonly name: ServiceName;
  readonly title: string;
  /** e.g. `http://127.0.0.1:8081`. */
  readonly httpUrl: string;
  /** Set for SyncValue, e.g. `127.0.0.1:50051`. */
  readonly grpcTarget?: string;
  readonly app: INestApplication;
}

/** The parts of a service that its shutdown concerns. */
export interface DrainableParts {
  readonly http: HttpApplication;
  readonly grpc: GrpcTransport | undefined;
  readonly readiness: ServiceReadiness;
  readonly queues: Queues;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Closes the application; a second time does nothing. */
  readonly close: () => Promise<void>;
}

/** Closing an application that has nothing left to do takes no longer than this. */
const CLOSE_MS = 1000;

/** How one service stops: says no to balancers, finishes what it began, closes. */
export class ServiceShutdown {
  private readonly watching = new AbortController();

  constructor(private readonly parts: DrainableParts) {}

  /** Keeps grpc.health.v1 equal to readiness until the service stops. */
  async followReadiness(everyMs = 2000): Promise<void> {
    const { grpc, readiness, clock } = this.parts;
    if (grpc === undefined) return;
    const { signal } = this.watching;
    while (!signal.aborted) {
      const { isReady } = await readiness.report();
      grpc.health.setAll(isReady ? 'SERVING' : 'NOT_SERVING');
      await clock.sleep(everyMs, signal).catch(() => undefined);
    }
  }

  /** Unready from now on; calls are still answered. */
  announce(): void {
    this.watching.abort();
    this.parts.readiness.startDraining();
    this.parts.grpc?.drain();
  }

  /** Finishes requests, then jobs, within the time that is left, and closes the application. */
  async finish(deadlineMs: number): Promise<void> {
    const { http, queues, clock, logger, close } = this.parts;
    const left = (): number => Math.max(0, deadlineMs - clock.monotonicMs());
    if (!(await http.drain(left()))) {
      logger.warn('requests were cut off: they did not end within KIKI_DRAIN_GRACE_MS');
      http.app.getHttpServer().closeAllConnections();
    }
    await queues.close(left());
    const isClosed = new AbortController();
    const timeUp = clock.sleep(left() + CLOSE_MS, isClosed.signal).then(
      () => logger.error('a part of the service would not close and was given up'),
      () => undefined,
    );
    await Promise.race([close().finally(() => isClosed.abort()), timeUp]);
  }
}
