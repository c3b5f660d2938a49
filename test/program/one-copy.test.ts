import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { Input } from '../../runtime/input/input.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { ProgramFeed } from '../../runtime/output/program-feed.ts';
import { Program } from '../../runtime/program/program.ts';
import { FakeClock } from '../support/fake-clock.ts';

const POLICY = {
  onLoss: 'switch',
  failback: 'auto',
  failbackHoldMs: 10_000,
  flap: { losses: 3, windowMs: 60_000, maxHoldMs: 300_000 },
} as const;
const FRAME_BYTES = 20_000;
const FRAME_MS = 40;
const GOP_FRAMES = 50;
const SECONDS = 60;

/** A spare of 4 Mbit/s that so many programs show, and what its packets hold of memory after a minute. */
function showSpareIn(programs: number): { held: number; warm: number; shown: Buffer[][] } {
  const clock = new FakeClock();
  const spare = new Input({
    name: 'backup/spare',
    kind: 'backup',
    policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
    warmBuffer: { limitBytes: 64 * 1024 * 1024, limitMs: 20_000 },
    events: { health: () => {}, reanchored: () => {} },
  });
  const shown: Buffer[][] = [];
  const all = Array.from({ length: programs }, (_, index) => {
    const program = new Program({
      name: `camera${index}`,
      candidates: [spare],
      policy: POLICY,
      stallTimeoutMs: 500,
      onSwitch: () => {},
    });
    // A feed keeps the GOP in the air for those who join.
    new ProgramFeed(program, { limits: { queueLimitBytes: 4_194_304, stuckTimeoutMs: 10_000 }, clock });
    const last: Buffer[] = [];
    shown.push(last);
    program.subscribe({
      viewers: 0,
      packet: (packet) => {
        if (packet.kind !== 'frame') return;
        last.push(packet.payload);
        if (last.length > GOP_FRAMES) last.shift();
      },
    });
    return program;
  });
  const before = heldBytes();
  spare.attach({ address: 'test', close: () => {} }, clock.now());
  for (let frame = 0; frame < (SECONDS * 1_000) / FRAME_MS; frame += 1) {
    spare.receive(videoFrame(frame), clock.now());
    if (frame === (2 * 1_000) / FRAME_MS) {
      for (const program of all) program.apply({ candidate: 'backup/spare', cause: 'start' }, clock.now());
    }
    clock.advance(FRAME_MS);
  }
  return { held: heldBytes() - before, warm: spare.buffer.heldBytes, shown };
}

function videoFrame(frame: number): MediaPacket {
  const keyframe = frame % GOP_FRAMES === 0;
  return {
    track: 'video',
    timestamp: frame * FRAME_MS,
    cts: 0,
    ctsOffset: 2,
    keyframe,
    config: null,
    payload: Buffer.alloc(FRAME_BYTES, frame),
  };
}

/** Bytes of buffers that are still referred to. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

describe('the internal multiplexing of the backup', () => {
  it('passes the same bytes, not copies, to every program', () => {
    const { shown } = showSpareIn(3);
    const [first, ...others] = shown;
    expect(first).toHaveLength(GOP_FRAMES);
    for (const other of others) {
      expect(other).toHaveLength(GOP_FRAMES);
      for (const [index, payload] of other.entries()) expect(payload).toBe(first?.[index]);
    }
  });

  it('holds one copy of its recent past, however many programs show it', () => {
    const one = showSpareIn(1);
    const three = showSpareIn(3);
    expect(one.warm).toBeGreaterThan(2_000_000);
    expect(three.held).toBeLessThan(1.1 * one.held);
    // What is held is the warm buffer, and at most one GOP more that the programs refer to.
    expect(three.held).toBeLessThan(1.1 * (three.warm + GOP_FRAMES * FRAME_BYTES));
  });
});
