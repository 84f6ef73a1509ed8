/**
 * Goal: roots and proofs are those of RFC 6962, however the tree grew. Method: the vectors of the Certificate
 * Transparency test suite, the definition written down as a recursion, and proofs that are broken on purpose.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Frontier } from './frontier.js';
import { emptyRoot, leafHash } from './hashes.js';
import {
  consistencyPlan,
  inclusionPlan,
  isConsistent,
  isIncluded,
  proofHashes,
  rootPlan,
} from './proofs.js';
import { floorLog2 } from './ranges.js';
import { TileWriter } from './tile-writer.js';
import { edgeOf, widthOf } from './tiles.js';
import { leaves, naiveRoot, TileShelf } from './tree.fixture.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ALL = leaves(1_300);
const RFC_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'].concat(
  '606162636465666768696a6b6c6d6e6f',
);
const RFC_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('roots', () => {
  it('are those of the RFC 6962 vectors', () => {
    expect(hex(emptyRoot())).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    const frontier = new Frontier();
    const writer = new TileWriter(0, () => undefined);
    expect(frontier.root()).toEqual(emptyRoot());
    for (const [index, record] of RFC_LEAVES.entries()) {
      frontier.append(leafHash(Buffer.from(record, 'hex')));
      writer.append(leafHash(Buffer.from(record, 'hex')));
      expect([hex(frontier.root()), hex(writer.root())]).toEqual([
        RFC_ROOTS[index],
        RFC_ROOTS[index],
      ]);
    }
  });

  it('hash a text as its UTF-8 bytes', () => {
    expect(leafHash('héllo €')).toEqual(leafHash(Buffer.from('héllo €', 'utf8')));
  });

  it('do not depend on the steps in which the tiles grew', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(steps, (grown) => {
        const size = grown.reduce((sum, step) => sum + step, 0);
        const hashes = leaves(size);
        const shelf = TileShelf.of(hashes, grown);
        const [root] = proofHashes(rootPlan(size), shelf.source);
        expect(hex(root!)).toBe(hex(naiveRoot(hashes)));
        expect(shelf.tiles).toEqual(TileShelf.of(hashes).tiles);
      }),
      { numRuns: 40 },
    );
  });

  it('of every size to 600 are those of the definition, by frontier and by tiles', () => {
    const frontier = new Frontier();
    const { source } = TileShelf.of(ALL);
    for (let size = 1; size <= 600; size++) {
      frontier.append(ALL[size - 1]!);
      const expected = hex(naiveRoot(ALL.slice(0, size)));
      expect(hex(frontier.root())).toBe(expected);
      expect(hex(proofHashes(rootPlan(size), source)[0]!)).toBe(expected);
    }
  });
});

describe('tiles', () => {
  it('have the widths of the example in c2sp.org/tlog-tiles', () => {
    const { tiles } = TileShelf.of(leaves(70_000));
    const widths = new Map<string, number>();
    for (const [place, hashes] of tiles) widths.set(place, widthOf({ hashes }));
    const full = [...widths].filter(([place, width]) => place.startsWith('0/') && width === 256);
    expect(full).toHaveLength(273);
    expect(['0/273', '1/0', '1/1', '2/0'].map((place) => widths.get(place))).toEqual([
      112, 256, 17, 1,
    ]);
    expect(edgeOf(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(edgeOf(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
  });

  it('that are missing or short are named', () => {
    const shelf = TileShelf.of(ALL);
    shelf.tiles.delete('0/2');
    const plan = inclusionPlan(600, 1_300);
    expect(() => proofHashes(plan, shelf.source)).toThrow('Tile 2 of level 0 has no');
    expect(() => new TileWriter(300, () => new Uint8Array(32))).toThrow('has no 44 hashes');
  });
});

describe('proofs', () => {
  const { source } = TileShelf.of(ALL);
  const rootOf = (size: number): Uint8Array => proofHashes(rootPlan(size), source)[0]!;
  const size = fc.integer({ min: 1, max: ALL.length });

  it('of inclusion hold for every leaf of every tree, and for no other leaf, place or root', () => {
    const places = size.chain((n) => fc.tuple(fc.integer({ min: 0, max: n - 1 }), fc.constant(n)));
    fc.assert(
      fc.property(places, fc.nat(), ([index, n], salt) => {
        const proof = proofHashes(inclusionPlan(index, n), source);
        const claim = { index, size: n, leaf: ALL[index]!, proof, root: rootOf(n) };
        expect(isIncluded(claim)).toBe(true);
        expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(n)));
        const other = (index + 1 + (salt % ALL.length)) % ALL.length;
        if (other !== index) expect(isIncluded({ ...claim, leaf: ALL[other]! })).toBe(false);
        if (n > 1) expect(isIncluded({ ...claim, index: (index + 1) % n })).toBe(false);
        expect(isIncluded({ ...claim, root: leafHash('x') })).toBe(false);
        expect(isIncluded({ ...claim, proof: [...proof, leafHash('x')] })).toBe(false);
        if (n > 1) expect(isIncluded({ ...claim, proof: proof.slice(1) })).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('of consistency hold between any two trees, and for no other root', () => {
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const proof = proofHashes(consistencyPlan(from, to), source);
        const claim = { from, to, fromRoot: rootOf(from), toRoot: rootOf(to), proof };
        expect(isConsistent(claim)).toBe(true);
        expect(isConsistent({ ...claim, fromRoot: leafHash('x') })).toBe(false);
        expect(isConsistent({ ...claim, toRoot: leafHash('x') })).toBe(false);
        expect(isConsistent({ ...claim, proof: [...proof, leafHash('x')] })).toBe(false);
        if (from > 1 && from < to) {
          expect(isConsistent({ ...claim, from: from - 1 })).toBe(false);
          expect(isConsistent({ ...claim, proof: proof.slice(1) })).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of the tree with seven leaves are those drawn in RFC 6962, section 2.1.3', () => {
    const ranges = (pairs: [number, number][]) => pairs.map(([from, to]) => ({ from, to }));
    expect(inclusionPlan(0, 7).ranges).toEqual(ranges([[1, 2], [2, 4], [4, 7]])); // prettier-ignore
    expect(inclusionPlan(3, 7).ranges).toEqual(ranges([[2, 3], [0, 2], [4, 7]])); // prettier-ignore
    expect(inclusionPlan(6, 7).ranges).toEqual(ranges([[4, 6], [0, 4]])); // prettier-ignore
    expect(consistencyPlan(3, 7).ranges).toEqual(ranges([[2, 3], [3, 4], [0, 2], [4, 7]])); // prettier-ignore
    expect(consistencyPlan(4, 7).ranges).toEqual(ranges([[4, 7]]));
    expect(consistencyPlan(6, 7).ranges).toEqual(ranges([[4, 6], [6, 7], [0, 4]])); // prettier-ignore
  });

  it.each([
    ['seq', () => inclusionPlan(7, 7)],
    ['seq', () => inclusionPlan(-1, 7)],
    ['size', () => inclusionPlan(0, 0)],
    ['from', () => consistencyPlan(8, 7)],
    ['to', () => consistencyPlan(0, 1.5)],
  ])('of what is not there are refused, naming %s', (field, plan) => {
    expect(plan).toThrow(
      expect.objectContaining({
        code: 'tree_range_invalid',
        message: expect.stringMatching(field),
      }),
    );
  });

  it('find heights exactly up to the largest whole number', () => {
    for (let exponent = 0; exponent < 53; exponent++) {
      expect(floorLog2(2 ** exponent)).toBe(exponent);
      if (exponent > 0) expect(floorLog2(2 ** exponent - 1)).toBe(exponent - 1);
    }
  });
});
