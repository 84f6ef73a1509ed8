/** Goal: progress is readable where it is drawn and where it is logged. Method: a clock that tests own. */
import { describe, expect, it } from '@jest/globals';
import { Clock } from '@kiki/kernel';
import { RecordingTerminal, startProgress } from './index.js';

class StillClock extends Clock {
  ms = 0;
  override nowMs(): number {
    return this.ms;
  }
  override monotonicMs(): number {
    return this.ms;
  }
  override async sleep(): Promise<void> {}
}

const options = { label: 'import', total: 1000, unit: 'rows' };

describe('progress', () => {
  it('prints a line per quarter, none twice, and the end', () => {
    const terminal = new RecordingTerminal();
    const progress = startProgress(terminal, new StillClock(), options);
    for (let done = 0; done <= 1000; done += 50) progress.update(done);
    progress.update(3);
    progress.end();
    expect(terminal.notes).toEqual([
      'import: 25 % (250 rows)',
      'import: 50 % (500 rows)',
      'import: 75 % (750 rows)',
      'import: 1,000 rows',
    ]);
    expect(terminal.drawn).toEqual([]);
  });

  it('shows a sign of life after five seconds', () => {
    const terminal = new RecordingTerminal();
    const clock = new StillClock();
    const progress = startProgress(terminal, clock, { ...options, total: 0 });
    progress.update(1);
    clock.ms = 5_000;
    progress.update(2);
    clock.ms = 9_999;
    progress.update(3);
    progress.end('stopped');
    expect(terminal.notes).toEqual(['import: (2 rows)', 'import: stopped']);
  });

  it('draws a bar for a person and leaves one line behind', () => {
    const terminal = new RecordingTerminal(true);
    const progress = startProgress(terminal, new StillClock(), options);
    progress.update(500);
    progress.end('done');
    expect(terminal.drawn.join('')).toContain('import');
    expect(terminal.notes).toEqual(['import: done']);
  });
});
