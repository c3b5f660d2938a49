import type { WaitingClock } from '../../runtime/media/clock.ts';
import { commandClock } from '../../runtime/system-clock.ts';
import { EPOCH } from '../support/fake-clock.ts';

/** So much shorter are pauses, in tests where only the answers that come between them count. */
const HASTE = 50;

/** Limits run as they are, pauses hardly take any time, and it begins at `EPOCH`. */
export function quickClock(): WaitingClock {
  const start = commandClock.now();
  return {
    ...commandClock,
    now: () => EPOCH + commandClock.now() - start,
    sleep: (delayMs, signal) => commandClock.sleep(delayMs / HASTE, signal),
  };
}
