import { FORMAT_IDS } from '@kiki/studio';
import { z } from 'zod';

const text = (max: number, description: string) =>
  z.string().trim().min(1).max(max).meta({ description });

const color = z
  .string()
  .regex(/^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/, 'a colour such as #3b82f6')
  .meta({ description: 'A colour, `#rrggbb`.', examples: ['#3b82f6'] });

const OBJECT_URL = /^kiki:\/\/objects\/[0-9a-f]{64}$/;

const imageUrl = (description: string) => {
  const expected = 'an https address, or kiki://objects/<sha256 in hex>';
  return z
    .string()
    .max(2048)
    .refine(
      (url) => OBJECT_URL.test(url) || /^https?:$/.test(URL.parse(url)?.protocol ?? ''),
      expected,
    )
    .meta({ description, examples: ['https://cdn.example.test/mug.png'] });
};

const platform = z
  .enum(FORMAT_IDS)
  .meta({ description: 'Where the creative is to run; it decides size, weight and limits.' });

const product = z.object({
  name: text(300, 'Name of the product.'),
  features: z.array(text(200, 'One feature.')).max(20).default([]),
  usp: z
    .string()
    .trim()
    .max(300)
    .optional()
    .meta({ description: 'What sets it apart; the first choice for a headline.' }),
  category: z.string().trim().max(100).optional(),
  image_url: imageUrl('A photo of the product; without one a drawing stands for it.').optional(),
});

const brand = z.object({
  name: text(100, 'Name of the brand.'),
  primary_colors: z.array(color).max(6).default([]),
  tone_of_voice: z.string().max(200).optional(),
});

/** Body of POST /api/v1/generate; unknown fields are ignored. */
export const GenerateBody = z.object({
  product,
  brand,
  variants: z
    .int()
    .min(1)
    .max(5)
    .default(3)
    .meta({ description: 'How many, each by another strategy.' }),
  platform,
  headline: z.string().trim().min(1).max(300).optional(),
  cta: z.string().trim().min(1).max(60).optional(),
  claim: z.string().trim().min(1).max(300).optional().meta({
    description: 'Statement of the data-led variant; its numbers must occur in the product texts.',
  }),
  seed: z.int().min(0).max(4_294_967_295).optional().meta({
    description:
      'Of everything procedural. Left out: made from the request, so the same request looks the same.',
  }),
});

/** Body of POST /api/v1/validate; unknown fields are ignored. */
export const ValidateBody = z.object({
  image_url: imageUrl('The picture to check.'),
  headline: z.string().trim().max(300).optional(),
  brand: z.object({
    name: text(100, 'Name of the brand.'),
    primary_colors: z.array(color).max(6).default([]),
  }),
  platform: platform.optional().meta({ description: 'Left out: the one whose size is nearest.' }),
});
