/** A publisher whose every timestamp jumps: what it costs others. */
import { expect, it } from '@jest/globals';
import { Input } from '../../runtime/input/input.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { headerPacket, VIDEO_CONFIG, videoPacket } from './sample-packets.ts';

const SECOND_MS = 1_000;
const PACKETS_A_SECOND = 2_000;

it('is told of a few times, not for each packet, and never live', () => {
  const told: string[] = [];
  const input = new Input({
    name: 'master/camera1',
    kind: 'master',
    policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
    warmBuffer: { limitBytes: 1_000_000, limitMs: 10_000 },
    events: {
      health: (_input, _previous, detail) => told.push(`health: ${detail}`),
      reanchored: (_input, cause) => told.push(cause),
    },
  });
  input.attach({ address: '192.0.2.1:1', close: () => {} }, EPOCH);
  input.receive(headerPacket(VIDEO_CONFIG), EPOCH);
  for (let n = 0; n < 10 * PACKETS_A_SECOND; n += 1) {
    const now = EPOCH + (n * SECOND_MS) / PACKETS_A_SECOND;
    input.receive(videoPacket(n % 2 === 0 ? 0 : 1_000_000, n % 50 === 0), now);
  }
  expect(told.filter((text) => text.startsWith('went') || text.startsWith('jumped')).length).toBeLessThan(10);
  expect(told.filter((text) => text.startsWith('health')).length).toBeLessThan(10);
  expect(input.health).not.toBe('live');
});
