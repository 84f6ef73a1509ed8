import {
  Catch,
  type CanActivate,
  type ExceptionFilter,
  type INestApplication,
} from '@nestjs/common';
import type { MicroserviceOptions, NestMicroservice } from '@nestjs/microservices';
import { throwError } from 'rxjs';
import { GrpcTransport, type GrpcTransportOptions } from './grpc-transport.js';

/** Hands what a guard or handler threw to the transport, which maps it to a status. */
@Catch()
export class GrpcErrorFilter implements ExceptionFilter {
  catch(error: unknown): ReturnType<typeof throwError> {
    return throwError(() => error);
  }
}

/**
 * Connects a gRPC server to a Nest application; `app.startAllMicroservices()` binds it and `app.close()` drains it.
 * The HTTP side's guards and filters do not apply: name the guards here.
 */
export function connectGrpc(
  app: INestApplication,
  options: GrpcTransportOptions & { readonly guards?: readonly CanActivate[] },
): GrpcTransport {
  const transport = new GrpcTransport(options);
  // Deferred, because guards and filters count only while no handler is bound yet.
  const microservice = app.connectMicroservice<MicroserviceOptions>(
    { strategy: transport },
    { inheritAppConfig: false, deferInitialization: true },
  );
  // The application itself runs the init hooks; once is enough.
  (microservice as NestMicroservice).setIsInitHookCalled(true);
  microservice.useGlobalFilters(new GrpcErrorFilter());
  microservice.useGlobalGuards(...(options.guards ?? []));
  return transport;
}
