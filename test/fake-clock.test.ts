/** The clock that other tests lean on: were it wrong, they would prove nothing. */
import { describe, expect, it } from '@jest/globals';
import { EPOCH, FakeClock } from './support/fake-clock.ts';

/** A clock, and what ran on it and when, in ms from its start. */
function recorded(): { clock: FakeClock; ran: string[]; note: (name: string) => () => void } {
  const clock = new FakeClock();
  const ran: string[] = [];
  return { clock, ran, note: (name) => () => ran.push(`${name}@${clock.now() - EPOCH}`) };
}

describe('the fake clock', () => {
  it('runs timers in order of their time, each at its time, and no others', () => {
    const { clock, ran, note } = recorded();
    clock.after(30, note('late'));
    clock.after(10, note('early'));
    clock.every(20, note('tick'));
    clock.after(41, note('never'));
    clock.advance(40);
    expect(ran).toEqual(['early@10', 'tick@20', 'late@30', 'tick@40']);
    expect(clock.now()).toBe(EPOCH + 40);
  });

  it('runs timers of one time in the order in which they were set, and soon tasks behind them', () => {
    const { clock, ran, note } = recorded();
    clock.after(5, () => {
      note('first')();
      clock.soon(note('soon'));
      clock.after(0, note('set meanwhile'));
    });
    clock.after(5, note('second'));
    clock.advance(5);
    expect(ran).toEqual(['first@5', 'second@5', 'soon@5', 'set meanwhile@5']);
  });

  it('runs soon tasks before time passes, also those that soon tasks ask for', () => {
    const { clock, ran, note } = recorded();
    clock.soon(() => clock.soon(note('nested')));
    clock.advance(10);
    expect(ran).toEqual(['nested@0']);
  });

  it('takes timers back, also one that is due in the same step', () => {
    const { clock, ran, note } = recorded();
    const cancel = clock.every(10, note('tick'));
    clock.after(10, () => cancelled());
    const cancelled = clock.after(10, note('cancelled'));
    clock.advance(15);
    cancel();
    clock.advance(100);
    expect(ran).toEqual(['tick@10']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('runs what is overdue after a freeze once, late, in order', () => {
    const { clock, ran, note } = recorded();
    clock.every(10, note('tick'));
    clock.after(35, note('b'));
    clock.after(25, note('a'));
    clock.freeze(100);
    clock.advance(10);
    expect(ran).toEqual(['tick@100', 'a@100', 'b@100', 'tick@110']);
  });
});
