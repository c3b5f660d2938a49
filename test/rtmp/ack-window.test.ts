import { describe, expect, it } from '@jest/globals';
import { AckWindow, WINDOW_BYTES } from '../../runtime/rtmp/ack-window.ts';

describe('AckWindow', () => {
  it('acknowledges all that came, each time that the window is full', () => {
    const window = new AckWindow();
    window.resize(1_000);
    const due = [999, 1, 2_500, 999].map((bytes) => {
      window.receive(bytes);
      return window.takeDue();
    });
    expect(due).toEqual([null, 1_000, 3_500, null]);
    expect(window.takeDue()).toBeNull();
  });

  it('has a window before the peer has named one, and keeps it where that is 0', () => {
    const window = new AckWindow();
    window.resize(0);
    window.receive(WINDOW_BYTES - 1);
    expect(window.takeDue()).toBeNull();
    window.receive(1);
    expect(window.takeDue()).toBe(WINDOW_BYTES);
  });

  it('goes on behind 4 GiB, where the sequence number wraps', () => {
    const window = new AckWindow();
    const due = [2 ** 32 - 1, WINDOW_BYTES, WINDOW_BYTES].map((bytes) => {
      window.receive(bytes);
      return window.takeDue();
    });
    expect(due).toEqual([2 ** 32 - 1, WINDOW_BYTES - 1, 2 * WINDOW_BYTES - 1]);
  });
});
