import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errors } from '../errors.js';

/** Where plots go, and whether what is there may be written over. */
export interface PlotTarget {
  readonly folder: string;
  readonly overwrites: boolean;
}

/**
 * The paths of plots, refused before the work begins when one would be written over. @throws plots_exist
 */
export function plotPaths({ folder, overwrites }: PlotTarget, names: readonly string[]): string[] {
  const paths = names.map((name) => join(resolve(folder), name));
  const there = overwrites ? undefined : paths.find((path) => existsSync(path));
  if (there === undefined) return paths;
  throw errors.plots_exist(`--plots: ${there} is there already.`, {
    fields: [{ field: '--plots', expected: 'a folder without these plots, or --force' }],
  });
}

/** Writes a plot; its folder is made. @throws plots_exist, plots_unwritable */
export async function writePlot(path: string, svg: string, overwrites: boolean): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, svg, { flag: overwrites ? 'w' : 'wx' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const factory = code === 'EEXIST' ? errors.plots_exist : errors.plots_unwritable;
    throw factory(`--plots: ${path}: ${message}.`, {}, { cause });
  }
}
