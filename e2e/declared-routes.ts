import type { INestApplication } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { accessOf, type RouteAccess } from '@kiki/auth';

/** A handler that Nest serves over HTTP, whether or not the OpenAPI document mentions it. */
export interface DeclaredRoute {
  /** e.g. `HoldsController.place`. */
  readonly handler: string;
  /** `/v1/holds/:id`, as Nest has it. */
  readonly path: string;
  readonly access: RouteAccess;
}

type Handler = (...args: unknown[]) => unknown;

/** Every HTTP handler of an application, found where Nest itself finds them. */
export function declaredRoutes(app: INestApplication): DeclaredRoute[] {
  const modules = [...app.get(ModulesContainer).values()];
  const controllers = modules.flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) =>
    typeof metatype === 'function' ? routesOf(metatype as new () => object) : [],
  );
}

function routesOf(controller: new () => object): DeclaredRoute[] {
  const prototype = controller.prototype as Record<string, Handler>;
  const base = pathOf(controller);
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor')
    .map((name) => prototype[name]!)
    .filter((handler) => Reflect.getMetadata(METHOD_METADATA, handler) !== undefined)
    .map((handler) => ({
      handler: `${controller.name}.${handler.name}`,
      path: [base, pathOf(handler)]
        .join('/')
        .replace(/\/+/g, '/')
        .replace(/(.)\/$/, '$1'),
      access: accessOf(handler, controller),
    }));
}

function pathOf(target: object): string {
  const path = (Reflect.getMetadata(PATH_METADATA, target) ?? '') as string | string[];
  return `/${[path].flat()[0]}`;
}
