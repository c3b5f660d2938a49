import { describe, expect, it } from '@jest/globals';
import { Input, type InputKind } from '../../runtime/input/input.ts';
import { type InputPublication, InputRegistry } from '../../runtime/input/registry.ts';
import { Director } from '../../runtime/program/director.ts';
import { Program } from '../../runtime/program/program.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import type { SelectorPolicy } from '../../runtime/program/selector.ts';
import type { SwitchRecord } from '../../runtime/program/switch-record.ts';
import {
  AUDIO_CONFIG,
  audioPacket,
  headerPacket,
  VIDEO_CONFIG,
  videoPacket,
} from '../input/sample-packets.ts';
import { FakeClock } from '../support/fake-clock.ts';

const STALL_TIMEOUT_MS = 500;
const TICK_MS = 50;
const STEP_MS = 20;
const GOP_FRAMES = 25;
const HOLD_MS = 5_000;

type FrameOut = Extract<ProgramPacket, { kind: 'frame' }>;

/** Encoders of 25 frames a second and a GOP of one second, in simulated time. */
class Stage {
  readonly clock = new FakeClock();
  readonly records: SwitchRecord[] = [];
  readonly frames: Array<FrameOut & { at: number }> = [];
  readonly program: Program;
  readonly director: Director;
  private readonly inputs: readonly Input[];
  private readonly registry: InputRegistry;
  private readonly publications = new Map<string, InputPublication>();
  private readonly elapsed = new Map<string, number>();
  /** Inputs whose encoder stands still with its connection open. */
  readonly frozen = new Set<string>();
  /** Packets of these inputs are late by so many ms. */
  readonly lateMs = new Map<string, number>();

  constructor(
    names: readonly string[] = ['master/camera1', 'backup/spare'],
    onLoss: SelectorPolicy['onLoss'] = 'switch',
  ) {
    this.inputs = names.map(
      (name) =>
        new Input({
          name,
          kind: (name.split('/')[0] ?? 'master') as InputKind,
          policy: { stallTimeoutMs: STALL_TIMEOUT_MS, degradedAfterMs: 2_000, floor: {} },
          warmBuffer: { limitBytes: 8_000_000, limitMs: 20_000 },
          events: { health: () => this.director.decide(), reanchored: () => {} },
        }),
    );
    this.registry = new InputRegistry({
      inputs: this.inputs,
      clock: this.clock,
      isKeyRight: () => true,
      events: { published: () => {}, unpublished: () => {} },
    });
    this.program = new Program({
      name: 'camera1',
      candidates: this.inputs,
      policy: {
        onLoss,
        failback: 'auto',
        failbackHoldMs: HOLD_MS,
        flap: { losses: 9, windowMs: 60_000, maxHoldMs: 60_000 },
      },
      stallTimeoutMs: STALL_TIMEOUT_MS,
      onSwitch: (record) => this.records.push(record),
    });
    this.program.subscribe({
      viewers: 7,
      packet: (packet) => {
        if (packet.kind === 'frame') this.frames.push({ ...packet, at: this.clock.now() });
      },
    });
    const { clock, inputs, program } = this;
    this.director = new Director({ clock, inputs, programs: [program], contention: 'share' });
    this.director.start();
  }

  publish(name: string): void {
    const input = this.inputs.find((one) => one.name === name) as Input;
    const publication = this.registry.attach(input, { address: 'test', close: () => {} });
    publication.packet(headerPacket(VIDEO_CONFIG));
    publication.packet(headerPacket(AUDIO_CONFIG));
    this.publications.set(name, publication);
    this.elapsed.set(name, 0);
  }

  unpublish(name: string): void {
    this.publications.get(name)?.end('closed by peer');
    this.publications.delete(name);
  }

  run(ms: number): this {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(STEP_MS);
      for (const [name, publication] of this.publications)
        if (!this.frozen.has(name)) this.deliver(name, publication);
    }
    return this;
  }

  get last(): SwitchRecord | undefined {
    return this.records.at(-1);
  }

  private deliver(name: string, publication: InputPublication): void {
    const elapsed = (this.elapsed.get(name) ?? 0) + STEP_MS;
    this.elapsed.set(name, elapsed);
    const timestamp = elapsed - (this.lateMs.get(name) ?? 0);
    publication.packet(audioPacket(timestamp));
    const frame = elapsed / 40;
    if (Number.isInteger(frame)) publication.packet(videoPacket(timestamp, frame % GOP_FRAMES === 0));
  }
}

function onMaster(onLoss: SelectorPolicy['onLoss'] = 'switch'): Stage {
  const stage = new Stage(undefined, onLoss);
  stage.publish('master/camera1');
  stage.run(400);
  stage.publish('backup/spare');
  return stage.run(8_000);
}

describe('a program whose source is lost', () => {
  it('continues from the backup in the same instant that the publisher leaves', () => {
    const stage = onMaster();
    const at = stage.clock.now();
    stage.unpublish('master/camera1');
    expect(stage.program.onAir?.name).toBe('backup/spare');
    // The record is complete once both tracks have gone beyond what viewers had.
    stage.run(60);
    expect(stage.last).toMatchObject({
      cause: 'lost',
      kind: 'warm',
      from: 'master/camera1',
      to: 'backup/spare',
      detail: 'master/camera1 absent',
      decidedAt: at,
      firstFrameAt: at,
      gapMs: 0,
      holeMs: { video: 0, audio: 0 },
      viewers: 7,
    });
  });

  it('continues from the backup one tick after the stall time-out at most', () => {
    const stage = onMaster();
    const at = stage.clock.now();
    stage.frozen.add('master/camera1');
    stage.run(STALL_TIMEOUT_MS - STEP_MS);
    expect(stage.program.onAir?.name).toBe('master/camera1');
    stage.run(TICK_MS + STEP_MS);
    expect(stage.program.onAir?.name).toBe('backup/spare');
    expect((stage.last?.decidedAt ?? Infinity) - at).toBeLessThanOrEqual(STALL_TIMEOUT_MS + TICK_MS);
    expect(stage.last?.gapMs).toBeLessThanOrEqual(STALL_TIMEOUT_MS + TICK_MS);
    expect(stage.last?.holeMs).toEqual({ video: 0, audio: 0 });
  });

  it('stays where it is, and connected, where there is nothing else; the next live source continues its timeline', () => {
    const stage = onMaster();
    stage.unpublish('backup/spare');
    stage.unpublish('master/camera1');
    expect(stage.program.onAir).toBeNull();
    expect(stage.last).toMatchObject({ cause: 'nothing-left', to: null });
    const before = stage.frames.at(-1)?.time ?? 0;
    stage.run(30_000);
    stage.publish('backup/spare');
    stage.run(3_000);
    expect(stage.last).toMatchObject({ cause: 'start', from: null, to: 'backup/spare' });
    const next = stage.frames.find(({ time }) => time > before);
    expect(next).toMatchObject({ keyframe: true });
    expect(stage.last?.holeMs.video).toBeGreaterThan(29_000);
  });

  it('leaves a source that is taken over by its own encoder, which has to show itself anew', () => {
    const stage = onMaster();
    stage.publish('master/camera1');
    stage.run(60);
    expect(stage.last).toMatchObject({ cause: 'lost', to: 'backup/spare', holeMs: { video: 0, audio: 0 } });
    stage.run(HOLD_MS + 3_000);
    expect(stage.program.onAir?.name).toBe('master/camera1');
  });
});

describe('a program that changes between two live sources', () => {
  it('goes back when the better one has been clean for the hold, at its keyframe, without a squeeze', () => {
    const stage = onMaster();
    stage.unpublish('master/camera1');
    stage.run(1_000);
    stage.publish('master/camera1');
    stage.run(HOLD_MS - 100);
    expect(stage.program.onAir?.name).toBe('backup/spare');
    stage.run(3_000);
    expect(stage.last).toMatchObject({
      cause: 'failback',
      kind: 'clean',
      to: 'master/camera1',
      holeMs: { video: 0, audio: 0 },
    });
    // The old one's frame may have gone out just ahead of the keyframe of the same time.
    expect(stage.last?.squeezedFrames).toBeLessThanOrEqual(1);
    const video = stage.frames.filter(({ track }) => track === 'video').slice(-100);
    const steps = video.slice(1).map(({ time }, index) => time - (video[index]?.time ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(41);
  });

  it('takes the new source at once where the old one is lost while the cut waits for a keyframe', () => {
    const stage = onMaster();
    pin(stage, 'backup/spare');
    expect(stage.program.pendingSource).toBe('backup/spare');
    stage.unpublish('master/camera1');
    expect(stage.program.onAir?.name).toBe('backup/spare');
    expect(stage.program.pendingSource).toBeNull();
    expect(stage.last).toMatchObject({ kind: 'warm', holeMs: { video: 0, audio: 0 } });
  });

  it('forgets the cut where the new source is lost while it waits', () => {
    const stage = onMaster();
    pin(stage, 'backup/spare');
    stage.unpublish('backup/spare');
    expect(stage.program.pendingSource).toBeNull();
    expect(stage.run(3_000).program.onAir?.name).toBe('master/camera1');
  });

  it('does not wait for ever for an old source that is late', () => {
    const stage = new Stage();
    // It runs three seconds behind without being lost: its clock stood still, a little at a time.
    stage.publish('master/camera1');
    stage.publish('backup/spare');
    stage.run(4_000);
    for (let late = 0; late <= 1_800; late += 20) {
      stage.lateMs.set('master/camera1', late);
      stage.run(40);
    }
    pin(stage, 'backup/spare');
    stage.run(2_200);
    expect(stage.program.onAir?.name).toBe('backup/spare');
    expect(stage.last?.holeMs).toEqual({ video: 0, audio: 0 });
  });
});

describe('a drill', () => {
  it.each([
    { kind: 'unpublish', noticedMs: 0 },
    { kind: 'stall', noticedMs: STALL_TIMEOUT_MS },
  ] as const)(
    'plays the death of the source on air ($kind), and brings the program back',
    ({ kind, noticedMs }) => {
      const stage = onMaster();
      const at = stage.clock.now();
      stage.program.pins.startDrill(
        { kind, durationMs: 4_000, by: 'ops', reason: 'rehearsal' },
        'master/camera1',
        at,
      );
      stage.director.decide();
      stage.run(noticedMs + TICK_MS);
      expect(stage.last).toMatchObject({
        cause: 'drill',
        by: 'ops',
        to: 'backup/spare',
        holeMs: { video: 0, audio: 0 },
      });
      expect((stage.last?.decidedAt ?? Infinity) - at).toBeLessThanOrEqual(noticedMs + TICK_MS);
      stage.run(4_000 + 1_200);
      expect(stage.last).toMatchObject({ cause: 'return', kind: 'clean', to: 'master/camera1' });
    },
  );
});

describe('a program that waits for what it has lost', () => {
  const videoOf = (stage: Stage) => stage.frames.filter(({ track }) => track === 'video');

  it('shows nothing meanwhile, and goes on at a keyframe once its encoder has shown itself anew', () => {
    const stage = onMaster('wait');
    stage.unpublish('master/camera1');
    const { length } = stage.frames;
    const before = videoOf(stage).at(-1)?.time ?? 0;
    stage.run(5_000);
    expect(stage.program).toMatchObject({ onAir: { name: 'master/camera1' }, isWaiting: true });
    expect(stage.frames).toHaveLength(length);

    const at = stage.clock.now();
    stage.publish('master/camera1');
    stage.run(3_000);
    expect(stage.program).toMatchObject({
      onAir: { name: 'master/camera1' },
      isWaiting: false,
      switchCount: 1,
    });
    const [first] = videoOf(stage).filter(({ time }) => time > before);
    expect(first).toMatchObject({ keyframe: true });
    expect(first?.time).toBeGreaterThanOrEqual(at);
    // Not before its clock has settled.
    expect(first?.at).toBeGreaterThan(at + 900);
  });

  it('loses nothing where its encoder had only stood still', () => {
    const stage = onMaster('wait');
    stage.frozen.add('master/camera1');
    stage.run(2_000);
    expect(stage.program.isWaiting).toBe(true);
    stage.frozen.clear();
    stage.run(3_000);
    expect(stage.program).toMatchObject({ isWaiting: false, switchCount: 1 });
    const times = stage.frames.map(({ track, time }) => `${track} ${time}`);
    expect(new Set(times).size).toBe(times.length);
    expect(stage.clock.now() - (videoOf(stage).at(-1)?.time ?? 0)).toBeLessThan(100);
  });

  it('goes where a pin says at once, and comes back once that has ended', () => {
    const stage = onMaster('wait');
    stage.unpublish('master/camera1');
    stage.run(1_000);
    pin(stage, 'backup/spare');
    expect(stage.program).toMatchObject({ onAir: { name: 'backup/spare' }, isWaiting: false });
    stage.run(60);
    expect(stage.last).toMatchObject({ cause: 'pinned', kind: 'warm', holeMs: { video: 0, audio: 0 } });
    stage.publish('master/camera1');
    stage.run(2_000);
    stage.program.pins.release({ by: 'ops', reason: '', automatic: false, sequence: 2 }, stage.clock.now());
    stage.run(1_200);
    expect(stage.last).toMatchObject({ cause: 'return', kind: 'clean', to: 'master/camera1' });
  });

  it('plays a drill through', () => {
    const stage = onMaster('wait');
    const drill = { kind: 'unpublish', durationMs: 4_000, by: 'ops', reason: 'rehearsal' } as const;
    stage.program.pins.startDrill(drill, 'master/camera1', stage.clock.now());
    stage.run(1_000);
    expect(stage.program.onAir?.name).toBe('backup/spare');
    stage.run(5_000);
    expect(stage.program.onAir?.name).toBe('master/camera1');
  });

  it('rests like any other when nobody plays it', () => {
    const stage = onMaster('wait');
    stage.unpublish('master/camera1');
    stage.program.rest(stage.clock.now());
    expect(stage.program).toMatchObject({ onAir: null, isWaiting: false });
  });
});

describe('the records of a program', () => {
  it('are bounded', () => {
    const stage = onMaster();
    for (let i = 0; i < 120; i += 1) {
      pin(stage, i % 2 === 0 ? 'backup/spare' : 'master/camera1', i + 1);
      stage.run(1_200);
    }
    expect(stage.program.switchCount).toBe(121);
    expect(stage.program.records).toHaveLength(100);
  });
});

function pin(stage: Stage, candidate: string, sequence = 1): void {
  const now = stage.clock.now();
  stage.program.pins.setPin(
    { candidate, by: 'ops', reason: '', automatic: false, sequence, expiresAt: now + 3_600_000 },
    stage.program.onAir?.name ?? null,
    now,
  );
  stage.director.decide();
}
