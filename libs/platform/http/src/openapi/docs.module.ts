import { Controller, Get, Header, type DynamicModule, type Type } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { DOCS_POLICY, docsPage } from './docs-page.js';
import type { OpenApiDocument } from './openapi-document.js';

/** Gives the document of the running application; made once, at the first call. */
export abstract class OpenApiSource {
  abstract document(): OpenApiDocument;
}

/** `/openapi.json` and `/docs`; `decorate` marks them as public or asks for a scope. Needs OpenApiSource. */
export function docsModule(decorate: ClassDecorator): DynamicModule {
  return { module: class DocsModule {}, controllers: [docsController(decorate)] };
}

function docsController(decorate: ClassDecorator): Type<unknown> {
  @decorate
  @ApiExcludeController()
  @Controller()
  class DocsController {
    constructor(private readonly source: OpenApiSource) {}

    @Get('openapi.json')
    @Header('content-type', 'application/json; charset=utf-8')
    openApi(): OpenApiDocument {
      return this.source.document();
    }

    @Get('docs')
    @Header('content-type', 'text/html; charset=utf-8')
    @Header('content-security-policy', DOCS_POLICY)
    @Header('referrer-policy', 'no-referrer')
    docs(): string {
      return docsPage(this.source.document());
    }
  }
  return DocsController;
}
