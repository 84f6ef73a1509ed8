/**
 * Goal: a command gets typed values, its answer reaches people and programs, and mistakes end with the right words and
 * exit code. Method: run a small program against a terminal that remembers.
 */
import { describe, expect, it } from '@jest/globals';
import { kernelErrors } from '@kiki/kernel';
import {
  choiceOption,
  dayOption,
  defineCommand,
  durationOption,
  integerOption,
  listOption,
  RecordingTerminal,
  runCli,
  switchOption,
  textOption,
  type AnyCliCommand,
} from './index.js';

const make = defineCommand({
  path: 'thing make',
  summary: 'Make a thing',
  details: 'Example: tool thing make blue',
  args: [
    { name: '<name>', summary: 'what to call it' },
    { name: '[colour]', summary: 'its colour' },
  ],
  options: {
    seed: integerOption('--seed <n>', 'seed', { min: 0, max: 99, fallback: 7 }),
    unit: choiceOption('--unit <unit>', 'unit', ['day', 'week'], 'week'),
    from: dayOption('--from <day>', 'first day'),
    life: durationOption('--life <time>', 'how long'),
    label: textOption('--label <text>', 'label', undefined),
    tags: listOption('--tag <tag>', 'may be repeated'),
    isDry: switchOption('--dry', 'only say it'),
  },
  run: ({ args, options, report }) => {
    report.say(`making ${args[0]}`);
    report.result({ args, ...options, micros: 5n }, () => report.table(['name'], [[args[0]]]));
  },
});

const fail = (error: Error) =>
  defineCommand({ path: 'fail', summary: 'Fail', options: {}, run: () => Promise.reject(error) });

async function run(
  args: string[],
  commands: AnyCliCommand[] = [make, fail(kernelErrors.not_found('No thing.'))],
) {
  const terminal = new RecordingTerminal();
  const program = { name: 'tool', version: '1.2.3', summary: 'A tool', commands };
  const exitCode = await runCli(program, args, { terminal });
  return { exitCode, out: terminal.output.join('\n'), notes: terminal.notes.join('\n') };
}

describe('runCli', () => {
  it('hands over typed values and falls back where nothing was given', async () => {
    const plain = await run(['thing', 'make', 'box', '--json']);
    expect(JSON.parse(plain.out)).toEqual({
      args: ['box', null],
      seed: 7,
      unit: 'week',
      tags: [],
      isDry: false,
      micros: 5,
    });
    const flags =
      '--seed 3 --unit day --from 1997-09-30 --life 90d --label x --tag a --tag b --dry';
    const full = await run(['thing', 'make', 'box', 'red', ...flags.split(' '), '--json']);
    expect(JSON.parse(full.out)).toMatchObject({
      args: ['box', 'red'],
      seed: 3,
      unit: 'day',
      from: Date.UTC(1997, 8, 30),
      life: 90 * 86_400_000,
      label: 'x',
      tags: ['a', 'b'],
      isDry: true,
    });
  });

  it('keeps people on standard error with --json and on standard output without', async () => {
    const json = await run(['thing', 'make', 'box', '--json']);
    expect([json.exitCode, json.notes, json.out.split('\n')]).toEqual([
      0,
      'making box',
      [json.out],
    ]);
    const human = await run(['thing', 'make', 'box']);
    expect([human.exitCode, human.notes]).toEqual([0, '']);
    expect(human.out).toMatch(/making box\n[^]*│ box/);
  });

  it.each([
    [['thing', 'make', 'box', '--seed', '100'], '--seed: expected a whole number from 0 to 99'],
    [['thing', 'make', 'box', '--seed', '1.5'], '--seed: expected a whole number'],
    [['thing', 'make', 'box', '--unit', 'year'], '--unit: expected one of day, week, got "year"'],
    [['thing', 'make', 'box', '--from', '1997-02-30'], '--from: expected a day such as'],
    [['thing', 'make', 'box', '--life', '3y'], '--life: expected a duration'],
    [['thing', 'make', 'box', '--label', ' '], '--label: expected a text'],
    [['thing', 'make'], "missing required argument 'name'"],
    [['thing', 'make', 'box', '--sed', '1'], 'Did you mean --seed?'],
    [['thnig'], 'unknown command'],
  ])('refuses %j with exit code 2', async (args, words) => {
    const human = await run(args);
    expect([human.exitCode, human.notes]).toEqual([2, expect.stringContaining(words)]);
    const json = await run([...args, '--json']);
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.out)).toMatchObject({ error: { code: 'usage_invalid' } });
  });

  it('prints a failure with its fix and says so in the exit code', async () => {
    const { exitCode, notes, out } = await run(['fail', '--json']);
    expect(exitCode).toBe(1);
    expect(notes).toBe(
      'error[not_found]: No thing.\nfix: Check the id and the tenant of your key.',
    );
    expect(JSON.parse(out)).toEqual({
      error: {
        code: 'not_found',
        message: 'No thing.',
        fields: [],
        fix: 'Check the id and the tenant of your key.',
      },
    });
  });

  it('names fields that the message does not name, and shows the stack of a bug', async () => {
    const fields = [{ field: 'line 3, date', expected: 'a day' }];
    const invalid = await run(['fail'], [fail(kernelErrors.invalid_request('Bad.', { fields }))]);
    expect(invalid.exitCode).toBe(2);
    expect(invalid.notes).toContain('  line 3, date: expected a day');
    const bug = await run(['fail'], [fail(new TypeError('oops'))]);
    expect([bug.exitCode, bug.notes]).toEqual([1, expect.stringMatching(/TypeError: oops\n +at /)]);
  });

  it('answers 130 when it was interrupted', async () => {
    const controller = new AbortController();
    const wait = defineCommand({
      path: 'wait',
      summary: 'Wait',
      options: {},
      run: ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(kernelErrors.cancelled())),
        ),
    });
    const program = { name: 'tool', version: '1', summary: '', commands: [wait] };
    const terminal = new RecordingTerminal();
    const running = runCli(program, ['wait'], { terminal, signal: controller.signal });
    controller.abort();
    expect(await running).toBe(130);
  });

  it('ends with the code that a command returns, after its answer', async () => {
    const check = defineCommand({
      path: 'check',
      summary: 'Check',
      options: {},
      run: ({ report }) => {
        report.result({ ok: false });
        return 1;
      },
    });
    expect(await run(['check', '--json'], [check])).toMatchObject({
      exitCode: 1,
      out: '{"ok":false}',
    });
  });

  it('knows help and version', async () => {
    expect(await run(['--version'])).toMatchObject({ exitCode: 0, out: '1.2.3' });
    const help = await run(['thing', 'make', '--help']);
    expect(help.exitCode).toBe(0);
    for (const words of ['--seed <n>', '(default: 7)', '--json', 'Example: tool thing make blue']) {
      expect(help.out).toContain(words);
    }
  });
});
