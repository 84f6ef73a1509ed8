import { RequireScope, Tenant } from '@kiki/auth';
import { Answers, Cursors } from '@kiki/http';
import { ObjectStore } from '@kiki/objects';
import { Controller, Get, Headers, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Creatives } from '../../application/creatives.js';
import type { Creative } from '../../domain/creative.js';
import { errors } from '../../errors.js';
import { CreativeAnswer, CreativePage, CreativesQuery, IdPath } from './answers.schema.js';
import { creativeAnswer } from './to-answer.js';

/** Finished creatives and their files. */
@ApiTags('creatives')
@Controller('api/v1/creatives')
export class CreativesController {
  constructor(
    private readonly creatives: Creatives,
    private readonly objects: ObjectStore,
    private readonly cursors: Cursors,
  ) {}

  @Get()
  @RequireScope('create:read')
  @ApiOperation({ summary: 'List creatives, newest first' })
  @Answers(200, CreativePage, 'One page')
  async list(
    @Tenant() tenant: string,
    @Query({ schema: CreativesQuery }) { limit, cursor }: z.infer<typeof CreativesQuery>,
  ): Promise<z.infer<typeof CreativePage>> {
    const list = `creatives:${tenant}`;
    const before = cursor && this.cursors.decode(list, cursor)[0];
    const rows = await this.creatives.list(tenant, limit + 1, before?.toString());
    const page = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { items: page.items.map(creativeAnswer), nextCursor: page.nextCursor };
  }

  @Get(':id')
  @RequireScope('create:read')
  @ApiOperation({ summary: 'One creative with the evidence of its checks' })
  @Answers(200, CreativeAnswer, 'The creative')
  async get(
    @Tenant() tenant: string,
    @Param({ schema: IdPath }) { id }: z.infer<typeof IdPath>,
  ): Promise<z.infer<typeof CreativeAnswer>> {
    return creativeAnswer(await this.found(tenant, id));
  }

  @Get(':id/image')
  @RequireScope('create:read')
  @ApiProduces('image/jpeg')
  @ApiOperation({ summary: 'The file of a creative; it never changes' })
  @Answers(200, undefined, 'The picture')
  async image(
    @Tenant() tenant: string,
    @Param({ schema: IdPath }) { id }: z.infer<typeof IdPath>,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    const { sha256, contentType } = await this.found(tenant, id);
    const tag = `"${sha256}"`;
    void reply.header('etag', tag);
    void reply.header('cache-control', 'private, max-age=31536000, immutable');
    if (known?.split(/\s*,\s*/).includes(tag)) {
      void reply.status(304);
      return undefined;
    }
    const { bytes } = await this.objects.get(tenant, sha256);
    return new StreamableFile(bytes, { type: contentType, length: bytes.length });
  }

  private async found(tenant: string, id: string): Promise<Creative> {
    const creative = await this.creatives.find(tenant, id);
    if (creative === undefined) throw errors.creative_not_found();
    return creative;
  }
}
