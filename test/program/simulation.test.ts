import { describe, expect, it } from '@jest/globals';
import { FlvReader } from '../../runtime/codec/flv-reader.ts';
import { FlvTagType } from '../../runtime/codec/flv-writer.ts';
import { parseAudio, parseVideo } from '../../runtime/codec/media-header.ts';
import { Input } from '../../runtime/input/input.ts';
import { InputRegistry } from '../../runtime/input/registry.ts';
import type { Clock } from '../../runtime/media/clock.ts';
import { unwrapTimestamp } from '../../runtime/media/timestamp.ts';
import { flvFormat, rtmpFormat } from '../../runtime/output/packet-format.ts';
import { Director } from '../../runtime/program/director.ts';
import { Program } from '../../runtime/program/program.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import type { SwitchRecord } from '../../runtime/program/switch-record.ts';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import { decodeMessage } from '../../runtime/rtmp/message.ts';
import { type EncoderModel, SimulatedEncoder } from './simulated-encoder.ts';
import { TimelineChecker } from './timeline-checker.ts';

/** mulberry32: small, seeded, good enough to pick what happens next. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const STEP_MS = 5;
const EPOCH = 1_790_000_000_000;
/** How far a step of the input clocks may stretch the distance of two frames, and one ms for rounding. */
const CLOCK_STEP_MS = 5;
const WRAPS = { extended: 0xffffff, whole: 2 ** 32 };

class SteppedClock implements Clock {
  time = EPOCH;
  private readonly periodic: Array<{ every: number; next: number; task: () => void }> = [];
  now = (): number => this.time;
  after = (): never => {
    throw new Error('nothing in a simulation sets a single timer');
  };
  every = (every: number, task: () => void): (() => void) => {
    this.periodic.push({ every, next: this.time + every, task });
    return () => {};
  };
  soon = (task: () => void): void => task();
  step(): void {
    this.time += STEP_MS;
    for (const timer of this.periodic) {
      if (this.time < timer.next) continue;
      timer.next += timer.every;
      timer.task();
    }
  }
}

interface Shape {
  readonly frameMs: number;
  readonly gopSeconds: number;
  readonly audioMs: number;
}

const SHAPES: readonly Shape[] = [
  { frameMs: 1000 / 30, gopSeconds: 2, audioMs: 1024 / 48 },
  { frameMs: 1000 / 25, gopSeconds: 1, audioMs: 1024 / 44.1 },
  { frameMs: 1001 / 30, gopSeconds: 4, audioMs: 1024 / 48 },
  { frameMs: 1000 / 60, gopSeconds: 2, audioMs: 1024 / 44.1 },
];

class World {
  readonly clock = new SteppedClock();
  readonly random: () => number;
  readonly records: SwitchRecord[] = [];
  readonly checker: TimelineChecker;
  readonly program: Program;
  readonly wire: WireChecker;
  private readonly registry: InputRegistry;
  private readonly encoders: Map<string, SimulatedEncoder>;
  private sequence = 1;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const inputs = (['master/camera1', 'backup/spare'] as const).map(
      (name) =>
        new Input({
          name,
          kind: name === 'backup/spare' ? 'backup' : 'master',
          policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
          warmBuffer: { limitBytes: 32 * 1024 * 1024, limitMs: 20_000 },
          events: { health: () => this.director.decide(), reanchored: () => {} },
        }),
    );
    this.registry = new InputRegistry({
      inputs,
      clock: this.clock,
      isKeyRight: () => true,
      events: { published: () => {}, unpublished: () => {} },
    });
    const shapes = inputs.map(() => this.pick(SHAPES));
    const slowest = (what: 'frameMs' | 'audioMs'): number => Math.max(...shapes.map((shape) => shape[what]));
    this.checker = new TimelineChecker(
      {
        video: Math.ceil(slowest('frameMs')) + CLOCK_STEP_MS,
        audio: Math.ceil(slowest('audioMs')) + CLOCK_STEP_MS,
      },
      this.clock.now,
    );
    this.wire = new WireChecker(seed % 2 === 0 ? WRAPS.extended : WRAPS.whole);
    this.encoders = new Map(
      inputs.map((input, index) => [
        input.name,
        new SimulatedEncoder(this.model(input.name, shapes[index] as Shape), (sent) =>
          this.checker.noteSent(sent),
        ),
      ]),
    );
    this.program = new Program({
      name: 'camera1',
      candidates: inputs,
      policy: {
        onLoss: 'switch',
        failback: 'auto',
        failbackHoldMs: 2_000,
        flap: { losses: 1_000, windowMs: 60_000, maxHoldMs: 2_000 },
      },
      stallTimeoutMs: 500,
      onSwitch: (record) => this.records.push(record),
    });
    for (const input of inputs) {
      input.subscribe({ packet: (p) => this.checker.notePlaced(p), metadata: () => {} });
    }
    this.program.subscribe({
      viewers: 1,
      packet: (packet) => {
        this.checker.check(packet);
        this.wire.check(packet);
      },
    });
    this.director = new Director({
      clock: this.clock,
      inputs,
      programs: [this.program],
      contention: 'share',
    });
    this.director.start();
    for (const name of this.encoders.keys()) this.connect(name);
  }

  private readonly director: Director;

  private model(name: string, shape: Shape): EncoderModel {
    // Networks differ: one is late now and then, one always by a random amount, one hardly ever.
    const spread = this.pick([5, 50, 300]);
    const isSpiky = this.random() < 0.5;
    return {
      name,
      frameMs: shape.frameMs,
      gopFrames: Math.round((shape.gopSeconds * 1_000) / shape.frameMs),
      audioMs: shape.audioMs,
      driftPpm: (this.random() * 2 - 1) * 200,
      jitterMs: () => (isSpiky && this.random() > 0.02 ? 0 : this.random() * spread),
      networkMs: 10 + this.random() * 60,
      bFrames: this.random() < 0.5,
      firstTimestamp: this.pick([0, WRAPS.extended - 20_000, WRAPS.whole - 20_000, 123_456_789]),
      hasExtraTracks: true,
    };
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)] as T;
  }

  run(ms: number): void {
    for (const end = this.clock.time + ms; this.clock.time < end; ) {
      this.clock.step();
      for (const encoder of this.encoders.values()) encoder.step(this.clock.time);
    }
  }

  until(isSo: () => boolean, withinMs: number): void {
    for (const end = this.clock.time + withinMs; !isSo(); ) {
      if (this.clock.time >= end) throw new Error(`not so within ${withinMs} ms of simulated time`);
      this.run(STEP_MS);
    }
  }

  /** Something befalls the candidate on air, or somebody wants another; the program must carry its viewers over. */
  switchOnce(): void {
    const onAir = this.program.onAir?.name ?? '';
    const other = onAir === 'master/camera1' ? 'backup/spare' : 'master/camera1';
    const encoder = this.encoders.get(onAir) as SimulatedEncoder;
    const before = this.program.switchCount;
    const how = this.pick(['unpublish', 'stall', 'pin', 'drill', 'stall-drill', 'jump', 'restart'] as const);
    if (how === 'unpublish') encoder.disconnect();
    else if (how === 'stall') encoder.frozen = this.pick(['paused', 'dropping', 'backlogged'] as const);
    else if (how === 'pin') this.pin(other);
    else if (how === 'drill' || how === 'stall-drill') {
      const kind = how === 'drill' ? 'unpublish' : 'stall';
      this.program.pins.startDrill(
        { kind, durationMs: 3_000, by: 'test', reason: '' },
        onAir,
        this.clock.time,
      );
      this.director.decide();
    } else {
      if (how === 'jump') encoder.jump(Math.round((this.random() * 2 - 1) * 1e8));
      else encoder.restart(this.clock.time);
      this.checker.noteDisturbance();
      this.run(3_000);
      this.pin(other);
    }
    this.until(() => this.program.switchCount > before, 10_000);
    this.run(1_500 + this.random() * 3_000);
    encoder.frozen = null;
    if (!encoder.isConnected) this.connect(onAir);
    this.program.pins.release(
      { by: 'test', reason: '', automatic: false, sequence: this.nextSequence() },
      this.clock.now(),
    );
    // Whatever it wants to go back to by itself, let it; and let both get warm enough to be lost again.
    this.run(6_000 + this.random() * 3_000);
    this.until(() => this.program.candidates.every(({ health }) => health === 'live'), 20_000);
  }

  private pin(candidate: string): void {
    this.program.pins.setPin(
      {
        candidate,
        by: 'test',
        reason: '',
        automatic: false,
        sequence: this.nextSequence(),
        expiresAt: this.clock.time + 60_000,
      },
      this.program.onAir?.name ?? null,
      this.clock.time,
    );
    this.director.decide();
  }

  private nextSequence(): number {
    this.sequence += 1;
    return this.sequence;
  }

  private connect(name: string): void {
    const input = this.registry.get(name) as Input;
    const publication = this.registry.attach(input, { address: 'simulated', close: () => {} });
    (this.encoders.get(name) as SimulatedEncoder).connect(publication, this.clock.time);
  }
}

/** Reads the program back from its bytes, as a player would, with a start that makes its timestamps wrap on the way. */
class WireChecker {
  readonly breaches: string[] = [];
  wraps = 0;
  private readonly wrapAt: number;
  private startTime: number | null = null;
  private last = 0;
  private readonly flv = new FlvReader((tag) => {
    this.note(
      tag.timestamp,
      tag.type === FlvTagType.video ? parseVideo(tag.body, 0)?.cts : parseAudio(tag.body, 0)?.cts,
    );
  });
  private readonly rtmp = new ChunkReader(
    { maxMessageBytes: 65_536, maxBufferedBytes: 65_536, maxChunkStreams: 8 },
    (raw) => {
      for (const message of decodeMessage(raw)) {
        if (message.type === 'video') this.note(message.timestamp, parseVideo(message.payload, 0)?.cts);
        else if (message.type === 'audio') this.note(message.timestamp, 0);
      }
    },
  );
  private readonly format = rtmpFormat(1);
  private expected: { time: number; cts: number } = { time: 0, cts: 0 };

  constructor(wrapAt: number) {
    this.wrapAt = wrapAt;
    this.flv.push(Buffer.from('FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00', 'latin1'));
    const chunkSize = Buffer.alloc(16);
    chunkSize.set([2, 0, 0, 0, 0, 0, 4, 1]);
    chunkSize.writeUInt32BE(60_000, 12);
    this.rtmp.push(chunkSize);
  }

  check(packet: ProgramPacket): void {
    // 30 s before the wrap.
    this.startTime ??= packet.time - this.wrapAt + 30_000;
    // A minute beyond the wrap nothing new can happen to the bytes.
    if (packet.kind !== 'frame' || this.last > this.wrapAt + 60_000) return;
    this.expected = { time: packet.time - this.startTime, cts: packet.cts };
    this.flv.push(flvFormat.encode([packet], this.startTime));
    this.rtmp.push(this.format.encode([packet], this.startTime));
  }

  private note(timestamp: number, cts: number | undefined): void {
    const time = unwrapTimestamp(timestamp, this.last === 0 ? this.expected.time : this.last);
    if (Math.floor(time / this.wrapAt) > Math.floor(this.last / this.wrapAt) && this.last > 0)
      this.wraps += 1;
    this.last = time;
    if (time !== this.expected.time || cts !== this.expected.cts) {
      this.breaches.push(`${time}+${cts} on the wire, ${this.expected.time}+${this.expected.cts} put out`);
    }
  }
}

const RUNS = 20;
const SWITCHES = 28;
/** Nearly every switch is followed by a failback: a thousand in all. */
const LEAST_SPLICES = 50;

describe('a program through random switches in simulated time', () => {
  it.each(Array.from({ length: RUNS }, (_, seed) => ({ seed })))(
    `keeps its promises through ${LEAST_SPLICES} switches and more (seed $seed)`,
    ({ seed }) => {
      const world = new World(seed);
      world.until(() => world.program.onAir !== null, 5_000);
      world.run(8_000);
      const begun = world.checker.splices;
      for (let i = 0; i < SWITCHES; i += 1) world.switchOnce();
      expect(world.checker.breaches).toEqual([]);
      expect(world.wire.breaches).toEqual([]);
      expect(world.wire.wraps).toBeGreaterThan(0);
      expect(world.checker.splices - begun).toBeGreaterThanOrEqual(LEAST_SPLICES);
      for (const { holeMs, to } of world.records.slice(1)) {
        expect(to).not.toBeNull();
        expect(holeMs.video ?? 0).toBeLessThanOrEqual(CLOCK_STEP_MS);
        expect(holeMs.audio ?? 0).toBeLessThanOrEqual(CLOCK_STEP_MS);
      }
    },
  );
});
