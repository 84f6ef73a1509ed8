/**
 * Goal: the house rules that no linter knows hold in every file. Method: read the tracked files and count.
 * A rule that has to be broken is broken in the allow-list here, with its reason.
 */
import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isSource, isTestCode, readText, repositoryFiles, root } from './repository.ts';

const files = repositoryFiles().filter((file) => existsSync(path.join(root, file)));
const sources = files.filter(isSource);
const product = sources.filter((file) => !isTestCode(file) && /^(libs|apps)\//.test(file));

/** Lines that a pattern matches, as `file:line`. */
function hits(among: string[], pattern: RegExp): string[] {
  return among.flatMap((file) =>
    readText(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

describe('tidy', () => {
  it('keeps product files at 300 lines or fewer', () => {
    const long = product
      .map((file) => ({ file, lines: readText(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  it('keeps lines at 100 columns (prettier leaves long strings)', () => {
    const wide = hits(sources, /^.{121,}$/).filter((hit) => !/\.(spec|conformance)\.ts:/.test(hit));
    expect(wide).toEqual([]);
  });

  it('reads process.env in @kiki/config only', () => {
    expect(
      hits(product, /process\.env\b/).filter((hit) => !hit.startsWith('libs/platform/config/')),
    ).toEqual([]);
  });

  it('takes time and randomness from Clock and Random in engines, domain and application', () => {
    const pure = product.filter((file) =>
      /^libs\/engines\/|\/src\/(domain|application)\//.test(file),
    );
    expect(
      hits(pure, /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(/),
    ).toEqual([]);
  });

  it('has no file with a name that says nothing', () => {
    const bad =
      /(\.service|\.util|\.utils|\.helper|\.helpers|\.manager|Impl)\.ts$|\/(common|utils|helpers)\//;
    expect(sources.filter((file) => bad.test(file))).toEqual([]);
    expect(sources.filter((file) => !/^[a-z0-9.-]+$/.test(path.basename(file)))).toEqual([]);
  });

  it('has no leftovers', () => {
    const self = 'tools/tidy.spec.ts';
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X\\b|HA', 'CK'].join(''));
    expect(
      hits(
        sources.filter((file) => file !== self),
        marks,
      ),
    ).toEqual([]);
    const switchedOff = /\b(it|test|describe)\.(only|skip)\(|\bx(it|describe)\(/;
    const allowed = /^libs\/platform\/testing\//;
    expect(
      hits(
        sources.filter((file) => file !== self && !allowed.test(file)),
        switchedOff,
      ),
    ).toEqual([]);
  });

  it('names no machine and no registry host', () => {
    const text = files.filter((file) => /\.(ts|js|cjs|mjs|json|md|ya?ml|sh|proto|sql)$/.test(file));
    const pattern = new RegExp(['/wo', 'rk/|/ro', 'ot/|registry\\.np', 'mjs\\.org'].join(''));
    expect(hits(text, pattern)).toEqual([]);
  });

  it('gives every library a README', () => {
    const folders = new Set(
      files
        .map((file) => /^libs\/[^/]+\/[^/]+(?=\/)/.exec(file)?.[0])
        .filter((f) => f !== undefined),
    );
    const without = [...folders].filter((folder) => !files.includes(`${folder}/README.md`));
    expect(without).toEqual([]);
  });

  it('lists in tsconfig.json the workspace packages that package.json depends on', () => {
    const manifests = files.filter((file) =>
      /^(libs\/[^/]+\/[^/]+|apps\/[^/]+|bench|e2e)\/package\.json$/.test(file),
    );
    const folderOf = new Map(
      manifests.map((file) => [
        (JSON.parse(readText(file)) as { name: string }).name,
        path.dirname(file),
      ]),
    );
    for (const file of manifests) {
      const folder = path.dirname(file);
      const manifest = JSON.parse(readText(file)) as { dependencies?: Record<string, string> };
      const wanted = Object.keys(manifest.dependencies ?? {})
        .filter((name) => folderOf.has(name))
        .map((name) => path.relative(folder, folderOf.get(name)!))
        .sort();
      const config = JSON.parse(readText(`${folder}/tsconfig.json`)) as {
        references?: { path: string }[];
      };
      const listed = (config.references ?? [])
        .map((reference) => path.normalize(reference.path))
        .sort();
      expect({ folder, references: listed }).toEqual({ folder, references: wanted });
    }
  });
});
