/** What goes to workers, and when. */

import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { CarriedProgram } from '../../runtime/fan-out/carried-program.ts';
import { readMessages } from '../../runtime/fan-out/link.ts';
import type { ToWorker } from '../../runtime/fan-out/messages.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { audio, START, splice, video } from '../output/stage.ts';
import { FakeClock } from '../support/fake-clock.ts';

const HOLD_MS = 30;

/** A worker that keeps the packets of each message, as media times. */
class FakeWorker {
  holdMs = 0;
  begun = 0;
  readonly messages: number[][] = [];
  private readonly link = new PassThrough();

  constructor() {
    readMessages(this.link, (message) => this.take(message as ToWorker));
  }

  tell(message: ToWorker): void {
    if (message.type === 'begin') this.begun += 1;
  }

  write(encoded: Buffer): void {
    this.link.write(encoded);
    // Handed on at once.
    this.link.read();
  }

  private take(message: ToWorker): void {
    if (message.type === 'packets') this.messages.push(message.packets.map(({ time }) => time - START));
  }
}

function setUp({ holdMs }: { readonly holdMs: readonly number[] }) {
  const clock = new FakeClock();
  const program = new CarriedProgram({
    name: 'camera1',
    clock,
    past: () => ({ startTime: START, sourceHasVideo: true, packets: [] }),
    onAudience: () => {},
  });
  const workers = holdMs.map((ms) => Object.assign(new FakeWorker(), { holdMs: ms }));
  for (const worker of workers) program.add(worker);
  const turn = (...packets: readonly ProgramPacket[]): void => {
    for (const packet of packets) program.packet(packet);
    clock.advance(0);
  };
  return { clock, program, workers, turn };
}

describe('a program that workers carry', () => {
  it('goes to each of them once a turn, where they have little to write', () => {
    const { workers, turn } = setUp({ holdMs: [0, 0] });
    turn(video(0, true), audio(0));
    turn(video(33));
    for (const { messages } of workers) expect(messages).toEqual([[0, 0], [33]]);
  });

  it('is gathered for as long as the busiest asks for', () => {
    const { clock, workers, turn } = setUp({ holdMs: [5, HOLD_MS] });
    turn(video(33));
    clock.advance(HOLD_MS - 1);
    turn(audio(53));
    for (const { messages } of workers) expect(messages).toEqual([]);
    clock.advance(1);
    for (const { messages } of workers) expect(messages).toEqual([[33, 53]]);
  });

  it.each<[string, ProgramPacket]>([
    ['a keyframe', video(66, true)],
    ['a splice', splice(66)],
  ])('does not keep %s waiting', (_, urgent) => {
    const { workers, turn } = setUp({ holdMs: [HOLD_MS] });
    turn(video(33));
    turn(urgent);
    expect(workers[0]?.messages).toEqual([[33, 66]]);
  });

  it('begins on another worker with its past, and nobody gets twice what was gathered', () => {
    const { clock, program, workers, turn } = setUp({ holdMs: [HOLD_MS] });
    turn(video(33));
    const late = new FakeWorker();
    expect(program.add(late)).toBe(true);
    clock.advance(HOLD_MS);
    turn(video(66, true));
    expect(workers[0]?.messages).toEqual([[33], [66]]);
    expect([late.begun, late.messages]).toEqual([1, [[66]]]);
  });
});
