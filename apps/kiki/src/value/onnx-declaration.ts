import { readFile } from 'node:fs/promises';
import {
  OnnxFeature,
  OnnxInputType,
  OnnxOutputMeaning,
  SpendModelKind,
  type OnnxDeclaration,
} from '@kiki/contract-syncvalue';
import { kernelErrors } from '@kiki/kernel';
import { z } from 'zod';

type Names<E extends object> = Lowercase<Exclude<keyof E & string, 'UNSPECIFIED' | 'UNRECOGNIZED'>>;

/** The names of an enum as people type them. */
function oneOf<E extends Readonly<Record<string, string | number>>>(table: E) {
  const names = Object.keys(table)
    .filter((name) => !/^(-?\d+|UNSPECIFIED|UNRECOGNIZED)$/.test(name))
    .map((name) => name.toLowerCase() as Names<E>);
  const numberOf = (name: Names<E>): E[keyof E] => table[name.toUpperCase()] as E[keyof E];
  return z.enum(names as [Names<E>, ...Names<E>[]]).transform(numberOf);
}

const day = z.iso.date('a day such as 2026-10-31');

/** A declaration file; README.md beside the command line shows one. */
const declarationFile = z.strictObject({
  name: z.string(),
  features: z.array(oneOf(OnnxFeature)),
  input: z.strictObject({
    name: z.string(),
    type: oneOf(OnnxInputType).default(OnnxInputType.FLOAT32),
  }),
  output: z.strictObject({ name: z.string(), meaning: oneOf(OnnxOutputMeaning) }),
  horizonDays: z.number().optional(),
  currency: z.string(),
  trainedUntil: day.optional(),
  spend: oneOf(SpendModelKind).optional(),
});

/** What a declaration file says. */
export interface DeclarationFile {
  readonly declaration: OnnxDeclaration;
  readonly spendKind: SpendModelKind;
}

/** Reads a declaration file. @throws invalid_request naming every field at fault */
export async function readDeclaration(path: string): Promise<DeclarationFile> {
  const parsed = declarationFile.safeParse(await readJson(path));
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => ({
      field: issue.path.join('.') || 'declaration',
      expected: issue.message,
    }));
    throw kernelErrors.invalid_request(`${path} is not a usable declaration.`, { fields });
  }
  const { input, output, spend, horizonDays, trainedUntil, ...rest } = parsed.data;
  return {
    declaration: {
      ...rest,
      inputName: input.name,
      inputType: input.type,
      outputName: output.name,
      outputMeaning: output.meaning,
      trainedHorizonDays: horizonDays,
      // Noon lies on that day in nearly every time zone.
      trainedUntil: trainedUntil === undefined ? undefined : new Date(`${trainedUntil}T12:00:00Z`),
    },
    spendKind: spend ?? SpendModelKind.UNSPECIFIED,
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw kernelErrors.invalid_request(`${path} cannot be read as JSON: ${reason}.`, {
      fields: [{ field: '--declaration', expected: 'a readable JSON file' }],
    });
  }
}
