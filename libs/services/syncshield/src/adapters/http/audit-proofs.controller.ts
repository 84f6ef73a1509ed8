import { RequireScope, Tenant } from '@kiki/auth';
import { Answers } from '@kiki/http';
import { Controller, Get, Header, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { HASH_BYTES, TILE_WIDTH } from '@kiki/transparency-log';
import type { z } from 'zod';
import { AuditLog, type AuditProof } from '../../application/audit-log.js';
import * as wire from './audit.schema.js';

/** What a route sets on its answer. */
interface Headers {
  header(name: string, value: string): unknown;
}

/** The Merkle tree over the audit log: checkpoints, proofs, tiles. */
@ApiTags('audit')
@Controller('v1/audit')
export class AuditProofsController {
  constructor(private readonly log: AuditLog) {}

  @Get('checkpoint')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('cache-control', 'no-store')
  @ApiProduces('text/plain')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'The newest signed tree head (c2sp.org/tlog-checkpoint)' })
  @Answers(200, wire.CheckpointAnswer, 'A signed note')
  async checkpoint(@Tenant() tenant: string): Promise<string> {
    return (await this.log.checkpoint(tenant)).note;
  }

  @Get('proof/inclusion')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Prove that a record is in the log of a checkpoint' })
  @Answers(200, wire.InclusionAnswer, 'The proof (RFC 6962, PATH)')
  async inclusion(
    @Tenant() tenant: string,
    @Query({ schema: wire.InclusionQuery }) { seq, size }: z.infer<typeof wire.InclusionQuery>,
  ): Promise<z.infer<typeof wire.InclusionAnswer>> {
    const proof = await this.log.inclusion(tenant, seq, size);
    return { seq, leaf: base64(proof.leaf), ...proofAnswer(proof) };
  }

  @Get('proof/consistency')
  @RequireScope('shield:read')
  @ApiOperation({
    summary: 'Prove that the log of one checkpoint is a beginning of that of another',
  })
  @Answers(200, wire.ConsistencyAnswer, 'The proof (RFC 6962, PROOF)')
  async consistency(
    @Tenant() tenant: string,
    @Query({ schema: wire.ConsistencyQuery }) { from, to }: z.infer<typeof wire.ConsistencyQuery>,
  ): Promise<z.infer<typeof wire.ConsistencyAnswer>> {
    const proof = await this.log.consistency(tenant, from, to);
    return { from, fromRoot: base64(proof.fromRoot), ...proofAnswer(proof) };
  }

  @Get('tile/:level/:index')
  @ApiProduces('application/octet-stream')
  @RequireScope('shield:read')
  @ApiOperation({ summary: 'Hashes of the tree, 32 bytes each (c2sp.org/tlog-tiles)' })
  @Answers(200, undefined, 'At most 256 hashes')
  async tile(
    @Tenant() tenant: string,
    @Param({ schema: wire.TilePath }) { level, index }: z.infer<typeof wire.TilePath>,
    @Query({ schema: wire.TileQuery }) { width }: z.infer<typeof wire.TileQuery>,
    @Res({ passthrough: true }) reply: Headers,
  ): Promise<StreamableFile> {
    const hashes = await this.log.tile(tenant, level, index, width);
    const isFixed = width !== undefined || hashes.length === TILE_WIDTH * HASH_BYTES;
    reply.header('cache-control', isFixed ? 'private, max-age=31536000, immutable' : 'no-store');
    return new StreamableFile(hashes, { length: hashes.length });
  }
}

function proofAnswer({ size, root, hashes }: AuditProof) {
  return { size, root: base64(root), hashes: hashes.map(base64) };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
