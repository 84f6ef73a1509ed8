import { z } from 'zod';

interface Range {
  readonly min: number;
  readonly max: number;
}

const MAX = Number.MAX_SAFE_INTEGER;
const SEQ: Range = { min: 0, max: MAX };

function number({ min, max }: Range, description: string) {
  const expected = `a whole number from ${min} to ${max}`;
  return z.coerce
    .number({ error: expected })
    .refine((n) => Number.isInteger(n) && n >= min && n <= max, expected)
    .meta({ type: 'integer', minimum: min, maximum: max, description });
}

const hash = (description: string) =>
  z.string().meta({ format: 'byte', description: `${description}, base64 of 32 bytes.` });

/** Query of GET /v1/audit. */
export const AuditQuery = z.strictObject({
  after: number({ min: -1, max: MAX }, 'Sequence number to start after.').default(-1),
  limit: number({ min: 1, max: 1000 }, 'Records per page.').default(100),
});

const Item = z.object({
  seq: z.int().meta({ description: 'Dense, in order of commit, from 0.' }),
  record: z.string().meta({ description: 'Canonical JSON, byte for byte as stored.' }),
});

/** Answer of GET /v1/audit. */
export const AuditAnswer = z.object({
  items: z.array(Item),
  nextAfter: z
    .int()
    .nullable()
    .meta({ description: '`after` of the next page; null when the log ends here.' }),
});

/** Query of GET /v1/audit/entries. */
export const EntriesQuery = z.strictObject({
  from: number(SEQ, 'First sequence number.').default(0),
  limit: number({ min: 1, max: 4096 }, 'Records per page.').default(256),
});

/** Answer of GET /v1/audit/entries. */
export const EntriesAnswer = z.object({
  items: z.array(Item.extend({ leaf: hash('Its hash as the tree has it').nullable() })),
  nextFrom: z
    .int()
    .nullable()
    .meta({ description: '`from` of the next page; null when the log ends here.' }),
});

/** Answer of GET /v1/audit/checkpoint. */
export const CheckpointAnswer = z.string().meta({
  description: 'Origin, size and base64 root hash, an empty line, Ed25519 signatures.',
});

/** Query of GET /v1/audit/proof/inclusion. */
export const InclusionQuery = z.strictObject({
  seq: number(SEQ, 'Which record.'),
  size: number(
    { min: 1, max: MAX },
    'Size of the tree; by default of the newest checkpoint.',
  ).optional(),
});

/** Query of GET /v1/audit/proof/consistency. */
export const ConsistencyQuery = z.strictObject({
  from: number(SEQ, 'Size of the earlier tree.'),
  to: number(SEQ, 'Size of the later tree; by default of the newest checkpoint.').optional(),
});

const proof = {
  size: z.int().meta({ description: 'Size of the tree that the proof leads to.' }),
  root: hash('Its root'),
  hashes: z.array(hash('A hash of the proof')).meta({ description: 'From the leaf upward.' }),
};

/** Answer of GET /v1/audit/proof/inclusion. */
export const InclusionAnswer = z.object({
  seq: z.int(),
  leaf: hash('SHA-256(0x00 || record)'),
  ...proof,
});

/** Answer of GET /v1/audit/proof/consistency. */
export const ConsistencyAnswer = z.object({
  from: z.int(),
  fromRoot: hash('Root of the earlier tree'),
  ...proof,
});

/** Path of GET /v1/audit/tile/{level}/{index}. */
export const TilePath = z.strictObject({
  level: number({ min: 0, max: 6 }, '0: hashes of records; each level above spans 256 times more.'),
  index: number(SEQ, 'Place of the tile in its level.'),
});

/** Query of GET /v1/audit/tile/{level}/{index}. */
export const TileQuery = z.strictObject({
  width: number({ min: 1, max: 256 }, 'So many hashes; by default all there are.').optional(),
});

/** Answer of GET /v1/audit/public-key. */
export const KeysAnswer = z.object({
  origin: z.string().meta({ description: 'First line of the checkpoints, and name of the keys.' }),
  keys: z
    .array(
      z.object({
        key: z.string().meta({
          description: '`<name>+<key id>+<base64>`: what verifiers of signed notes are given.',
        }),
        keyId: z.string().meta({ description: '8 hex digits.' }),
        publicKey: hash('The Ed25519 key'),
        addedAt: z.iso.datetime(),
        isCurrent: z.boolean().meta({ description: 'Whether this process signs with it.' }),
      }),
    )
    .meta({ description: 'The newest first. Trust those that you got on another way, too.' }),
});

/** Body of POST /v1/audit/verify. */
export const VerifyBody = z.strictObject({
  from: number(SEQ, 'First record to read anew.').default(0),
  limit: number({ min: 1, max: 100_000 }, 'Records to read anew.').default(50_000),
});

/** Answer of POST /v1/audit/verify. */
export const VerifyAnswer = z.object({
  isValid: z.boolean(),
  from: z.int(),
  to: z.int().meta({ description: 'Records before it were read.' }),
  nextFrom: z.int().nullable().meta({ description: '`from` of the next call; null at the end.' }),
  size: z.int().meta({ description: 'Size of the checkpoint that was compared with.' }),
  faults: z.array(
    z.object({
      seq: z.int(),
      what: z.enum(['sequence', 'record', 'tile', 'root', 'checkpoint']),
      message: z.string(),
    }),
  ),
});
