import type { WaitingClock } from '../../runtime/media/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A fake clock for commands: they sleep until the test has moved it. */
export class WaitingFakeClock extends FakeClock implements WaitingClock {
  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const cancel = Number.isFinite(delayMs) ? this.after(delayMs, done) : () => {};
      function done(): void {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }

  /** Lets time pass, in steps that leave sockets their turns, until `task` has ended. */
  async drive<T>(task: Promise<T>, onStep: () => void = () => {}, stepMs = 20): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    task.then(over, over);
    for (let steps = 0; !isOver; steps += 1) {
      if (steps > 20_000) throw new Error('it never ended');
      for (let turns = 0; turns < 3; turns += 1) await new Promise(setImmediate);
      this.advance(stepMs);
      onStep();
    }
    return task;
  }
}
