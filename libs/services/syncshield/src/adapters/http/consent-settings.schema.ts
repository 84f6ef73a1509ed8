import { wireInstant } from '@kiki/http';
import { z } from 'zod';
import { plainText } from './shared.schema.js';

const regime = () =>
  z.enum(['opt_in', 'opt_out']).meta({
    description: 'What silence means: no (`opt_in`), or yes until somebody objects (`opt_out`).',
  });

const purpose = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'small letters, digits, `_`, `.` or `-`')
    .meta({ description: 'As records and checks name it.' }),
  isSale: z.boolean().default(false).meta({
    description: 'Sale, sharing or targeted advertising: Sec-GPC and GPP opt-outs object to it.',
  }),
  tcfPurposes: z.array(z.int().min(1).max(24)).max(24).default([]).meta({
    description: 'Purposes of the TCF that must all be consented to.',
  }),
  regime: regime().optional(),
});

const notice = z.strictObject({
  version: plainText(64, 'As records name it.'),
  textSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
    .optional()
    .meta({ description: 'SHA-256 of the text.' }),
  isAccepted: z.boolean().default(true).meta({
    description: 'False asks everybody anew who agreed to it.',
  }),
});

/** Body of PUT /v1/consent/settings. */
export const ConsentSettingsBody = z
  .strictObject({
    regimes: z
      .record(
        z.string().regex(/^(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?|EEA)$/, 'ISO 3166 as DE or US-CA'),
        regime(),
      )
      .default({})
      .meta({ description: 'Own rules by region; others follow the law that is known of them.' }),
    unknownRegion: regime(),
    purposes: z.array(purpose).min(1).max(64),
    notices: z.array(notice).max(256).default([]),
    reconsentMonths: z.int().min(1).max(120).nullable().default(12).meta({
      description: 'A yes counts that long; null for ever.',
    }),
    expectedVersion: z.int().min(0).optional().meta({
      description: 'The version that the change was made on; another one is a conflict.',
    }),
  })
  .refine(({ purposes }) => isEachOnce(purposes.map(({ id }) => id)), {
    path: ['purposes'],
    error: 'each id once',
    params: { code: 'consent_settings_invalid' },
  })
  .refine(({ notices }) => isEachOnce(notices.map(({ version }) => version)), {
    path: ['notices'],
    error: 'each version once',
    params: { code: 'consent_settings_invalid' },
  });

function isEachOnce(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

/** Answer of the settings routes. */
export const ConsentSettingsAnswer = z.object({
  version: z.int().meta({ description: '0: those of the installation, nothing was set.' }),
  regimes: z.record(z.string(), regime()),
  unknownRegion: regime(),
  purposes: z.array(
    z.object({
      id: z.string(),
      isSale: z.boolean(),
      tcfPurposes: z.array(z.int()),
      regime: regime().nullable(),
    }),
  ),
  notices: z.array(
    z.object({
      version: z.string(),
      textSha256: z.string().nullable(),
      isAccepted: z.boolean(),
    }),
  ),
  reconsentMonths: z.int().nullable(),
  createdBy: z.string().nullable(),
  createdAt: wireInstant('When they came into force.').nullable(),
});
