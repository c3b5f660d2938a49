/** One connection to another host is kept up: what it does when it fails, ends, or is stopped. */
import { describe, expect, it } from '@jest/globals';
import { type LinkChange, RelayLink } from '../../runtime/relay/relay-link.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Lets promises that are settled be heard. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

class Attempt {
  isClosed = false;
  private accept: (() => void) | null = null;
  private refuse: ((error: unknown) => void) | null = null;
  private finish: (reason: string) => void = () => {};

  open(): Promise<{ closed: Promise<string>; close: () => void }> {
    const closed = new Promise<string>((resolve) => {
      this.finish = resolve;
    });
    const close = (): void => {
      this.isClosed = true;
      this.finish('closed here');
    };
    return new Promise((resolve, reject) => {
      this.accept = () => resolve({ closed, close });
      this.refuse = reject;
    });
  }

  async accepts(): Promise<void> {
    this.accept?.();
    await settled();
  }

  async fails(error: unknown): Promise<void> {
    this.refuse?.(error);
    await settled();
  }

  async ends(reason: string): Promise<void> {
    this.finish(reason);
    await settled();
  }
}

function setUp() {
  const clock = new FakeClock();
  const attempts: Attempt[] = [];
  const changes: LinkChange[] = [];
  const link = new RelayLink({
    clock,
    random: () => 0,
    open: () => {
      const attempt = new Attempt();
      attempts.push(attempt);
      return attempt.open();
    },
    onChange: (change) => changes.push(change),
  });
  const last = (): Attempt => {
    const attempt = attempts.at(-1);
    if (attempt === undefined) throw new Error('nothing was tried');
    return attempt;
  };
  return { clock, attempts, changes, link, last };
}

describe('a link', () => {
  it('connects at once, and says so', async () => {
    const { attempts, changes, last } = setUp();
    expect(attempts).toHaveLength(1);
    expect(changes).toEqual([]);
    await last().accepts();
    expect(changes).toEqual([{ state: 'open' }]);
  });

  it('tries again where none comes about, later each time', async () => {
    const { clock, attempts, changes, last } = setUp();
    await last().fails(new Error('refused'));
    expect(changes).toEqual([{ state: 'lost', reason: 'refused', retryMs: 200 }]);
    clock.advance(199);
    expect(attempts).toHaveLength(1);
    clock.advance(1);
    expect(attempts).toHaveLength(2);
    await last().fails('no error at all');
    expect(changes.at(-1)).toEqual({ state: 'lost', reason: 'no error at all', retryMs: 400 });
  });

  it('does not count what an attempt took as time that a connection held', async () => {
    const { clock, changes, last } = setUp();
    await last().fails(new Error('refused'));
    clock.advance(200);
    clock.advance(20_000);
    await last().fails(new Error('no answer'));
    expect(changes.at(-1)).toMatchObject({ retryMs: 400 });
  });

  it.each([
    { heldMs: 9_000, retryMs: 400 },
    { heldMs: 10_000, retryMs: 200 },
  ])('connects again where it ended after $heldMs ms', async ({ heldMs, retryMs }) => {
    const { clock, attempts, changes, last } = setUp();
    await last().fails(new Error('refused'));
    clock.advance(200);
    await last().accepts();
    clock.advance(heldMs);
    await last().ends('reset by peer');
    expect(changes.slice(1)).toEqual([
      { state: 'open' },
      { state: 'lost', reason: 'reset by peer', retryMs },
    ]);
    clock.advance(retryMs);
    expect(attempts).toHaveLength(3);
  });

  it('ends its connection where it is stopped, and does not come back', async () => {
    const { clock, attempts, changes, link, last } = setUp();
    await last().accepts();
    link.stop();
    await settled();
    expect(last().isClosed).toBe(true);
    clock.advance(60_000);
    expect(attempts).toHaveLength(1);
    expect(changes).toEqual([{ state: 'open' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends at once what comes about after it was stopped', async () => {
    const { clock, changes, link, last } = setUp();
    link.stop();
    await last().accepts();
    expect(last().isClosed).toBe(true);
    expect(changes).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([true, false])(
    'does not try again after it was stopped, while it waits (%s) or connects',
    async (waits) => {
      const { clock, attempts, link, last } = setUp();
      if (waits) await last().fails(new Error('refused'));
      link.stop();
      if (!waits) await last().fails(new Error('refused'));
      clock.advance(60_000);
      expect(attempts).toHaveLength(1);
      expect(clock.pendingTimers).toBe(0);
    },
  );
});
