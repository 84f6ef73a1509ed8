/** `npm run bench -- <area.name> [--rounds N]`: exit code 0 only when the targets hold. */
import { parseArgs } from 'node:util';
import { judge, printable } from './harness/report.js';
import { benchmarks } from './registry.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
});
const benchmark = benchmarks.find(({ name }) => name === positionals[0]);
const rounds = Number(values.rounds);

if (benchmark === undefined || !Number.isInteger(rounds) || rounds < 1) {
  console.error('usage: npm run bench -- <name> [--rounds N]\n');
  for (const { name, about } of benchmarks) console.error(`  ${name.padEnd(24)} ${about}`);
  process.exit(positionals.length === 0 ? 0 : 2);
}

console.log(`${benchmark.name}: ${benchmark.about}`);
const figures = await benchmark
  .run({ rounds, note: (line) => console.log(`  ${line}`.trimEnd()) })
  .catch((error: unknown) => {
    console.error(`${benchmark.name} did not run:`, error);
    process.exit(1);
  });
const result = judge(benchmark, figures);
console.log(printable(result).join('\n'));
console.log(JSON.stringify(result));
process.exit(result.passed ? 0 : 1);
