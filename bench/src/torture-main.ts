/**
 * `npm run torture -- <area> [--seed N] [--minutes M | --kills K] [--parts a,b] [--sabotage]`: exit code 0 when
 * everything held.
 */
import { parseArgs } from 'node:util';
import { judge, printable } from './harness/report.js';
import { platformTorture } from './torture/platform.js';
import { shieldTorture } from './torture/shield/shield.js';
import type { Torture } from './torture/torture.js';
import { valueTorture } from './torture/value.js';

const tortures: readonly Torture[] = [platformTorture, shieldTorture, valueTorture];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '2' },
    kills: { type: 'string', default: '50' },
    parts: { type: 'string' },
    sabotage: { type: 'boolean', default: false },
    'sabotage-what': { type: 'string', default: 'commit' },
  },
});
const torture = tortures.find(({ name }) => name === positionals[0]);

if (torture === undefined) {
  console.error(
    'usage: npm run torture -- <area> [--seed N] [--minutes M | --kills K] [--parts a,b] [--sabotage]\n',
  );
  for (const { name, about } of tortures) console.error(`  ${name.padEnd(12)} ${about}`);
  process.exit(positionals.length === 0 ? 0 : 2);
}

console.log(`${torture.name}: ${torture.about}`);
const figures = await torture.run({
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  kills: Number(values.kills),
  parts: values.parts?.split(','),
  isSabotaged: values.sabotage,
  sabotage: values['sabotage-what'],
  note: (line) => console.log(`  ${line}`),
});
const { name } = torture;
// A part that was left out has no figures to judge.
const targets = torture.targets.filter(
  ({ figure }) => values.parts === undefined || figures.some((of) => of.name === figure),
);
const result = judge(
  { name, about: torture.about, targets, run: () => Promise.resolve([]) },
  figures,
);
console.log(printable(result).join('\n'));
console.log(JSON.stringify(result));
process.exit(result.passed ? 0 : 1);
