/** A program whose inputs come from other hosts: how it rests, wakes for the best that there is, and goes back. */
import { describe, expect, it } from '@jest/globals';
import type { Health } from '../../runtime/input/health.ts';
import { Input, type InputKind } from '../../runtime/input/input.ts';
import { InputRegistry, type RelayPublication } from '../../runtime/input/registry.ts';
import { Director } from '../../runtime/program/director.ts';
import { Program } from '../../runtime/program/program.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import type { SwitchRecord } from '../../runtime/program/switch-record.ts';
import {
  AUDIO_CONFIG,
  audioPacket,
  headerPacket,
  VIDEO_CONFIG,
  videoPacket,
} from '../input/sample-packets.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';

const MASTER = 'master/camera1';
const BACKUP = 'backup/spare';
const HOLD_MS = 5_000;
const WAKE_WAIT_MS = 2_000;
const TICK_MS = 50;
const STEP_MS = 20;
const GOP_MS = 1_000;

/** Relays of inputs with 25 frames a second and a GOP of one second, which stand at their program time. */
class Stage {
  readonly clock = new FakeClock();
  readonly records: SwitchRecord[] = [];
  readonly out: ProgramPacket[] = [];
  readonly program: Program;
  /** The master's packets come so much later than they are made. */
  masterLateMs = 0;
  /** The master sends no pictures. */
  isMasterBlind = false;
  private readonly inputs: readonly Input[];
  private readonly registry: InputRegistry;
  private readonly relays = new Map<
    string,
    { publication: RelayPublication; sequence: number; keyAt: number }
  >();
  private readonly director: Director;

  constructor(names: readonly string[] = [MASTER, BACKUP]) {
    this.inputs = names.map(
      (name) =>
        new Input({
          name,
          kind: (name.split('/')[0] ?? '') as InputKind,
          isRemote: true,
          policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
          warmBuffer: { limitBytes: 8_000_000, limitMs: 20_000 },
          events: { health: () => this.director.decide(), reanchored: () => {} },
        }),
    );
    const { clock, inputs } = this;
    this.registry = new InputRegistry({
      inputs,
      clock,
      isKeyRight: () => true,
      events: { published: () => {}, unpublished: () => {} },
    });
    this.program = new Program({
      name: 'camera1',
      candidates: inputs,
      policy: {
        onLoss: 'switch',
        failback: 'auto',
        failbackHoldMs: HOLD_MS,
        flap: { losses: 9, windowMs: 60_000, maxHoldMs: 60_000 },
      },
      stallTimeoutMs: 500,
      onSwitch: (record) => this.records.push(record),
    });
    this.program.subscribe({ viewers: 1, packet: (packet) => this.out.push(packet) });
    this.director = new Director({ clock, inputs, programs: [this.program], contention: 'share' });
    this.director.start();
  }

  get onAir(): string | null {
    return this.program.onAir?.name ?? null;
  }

  input(name: string): Input {
    const input = this.inputs.find((one) => one.name === name);
    if (input === undefined) throw new Error(`there is no ${name}`);
    return input;
  }

  /** Its owner is heard of: it is in this health since now. `keyIn`: its next keyframe is so far away. */
  relay(name: string, health: Health, keyIn = 0): void {
    const now = this.clock.now();
    const publication = this.registry.attachRelay(this.input(name), { address: 'owner', close: () => {} });
    if (health === 'live') {
      publication.mark({ epoch: now, sequence: 1, dts: 0, offset: EPOCH });
      publication.packet(headerPacket(VIDEO_CONFIG), 0);
      publication.packet(headerPacket(AUDIO_CONFIG), 0);
      const time = now - EPOCH - (name === MASTER ? this.masterLateMs : 0);
      publication.packet(videoPacket(time, true), 1);
      this.relays.set(name, { publication, sequence: 1, keyAt: now + keyIn });
    }
    publication.health({ health, detail: '', since: now, arrivedAt: now, losses: [] });
  }

  end(name: string): void {
    this.relays.get(name)?.publication.end('reset');
    this.relays.delete(name);
  }

  rest(): void {
    this.program.rest(this.clock.now());
    for (const input of this.inputs) {
      input.rest(this.clock.now());
      this.relays.delete(input.name);
    }
  }

  wake(): void {
    this.program.wake(this.clock.now());
  }

  run(ms: number): this {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(STEP_MS);
      for (const { name } of this.inputs) {
        const relay = this.relays.get(name);
        if (relay !== undefined) this.deliver(relay, name === MASTER);
      }
    }
    return this;
  }

  /** Frames of pictures that went out. */
  get video() {
    return this.out.filter((packet) => packet.kind === 'frame').filter(({ track }) => track === 'video');
  }

  private deliver(
    relay: { publication: RelayPublication; sequence: number; keyAt: number },
    isMaster: boolean,
  ): void {
    const now = this.clock.now() - (isMaster ? this.masterLateMs : 0);
    const time = now - EPOCH;
    const next = () => {
      relay.sequence += 1;
      return relay.sequence;
    };
    relay.publication.packet(audioPacket(time), next());
    if (time % 40 !== 0 || (isMaster && this.isMasterBlind)) return;
    const isKey = now >= relay.keyAt;
    if (isKey) relay.keyAt += GOP_MS;
    relay.publication.packet(videoPacket(time, isKey), next());
  }
}

describe('a program that rests', () => {
  it('shows nothing and switches nothing, whatever becomes of its inputs', () => {
    const stage = new Stage();
    stage.relay(MASTER, 'live');
    stage.relay(BACKUP, 'live');
    stage.run(3_000);
    expect(stage.onAir).toBe(MASTER);
    const { switchCount } = stage.program;
    stage.rest();
    const records = stage.records.length;
    stage.out.length = 0;
    stage.relay(MASTER, 'live');
    stage.run(1_000);
    stage.end(MASTER);
    stage.run(1_000);
    expect(stage.program).toMatchObject({ isResting: true, onAir: null, switchCount });
    expect(stage.out).toEqual([]);
    expect(stage.records).toHaveLength(records);
  });

  it('hands over the record of a switch that was still being measured', () => {
    const stage = new Stage();
    stage.relay(MASTER, 'live');
    expect(stage.onAir).toBe(MASTER);
    expect(stage.records).toEqual([]);
    stage.rest();
    expect(stage.records).toMatchObject([{ cause: 'start', to: MASTER }]);
  });

  it('ends its drill in time, though nobody looks', () => {
    const stage = new Stage();
    stage.relay(MASTER, 'live');
    stage.relay(BACKUP, 'live');
    stage.run(3_000);
    const drill = { kind: 'unpublish', durationMs: 10_000, by: 'test', reason: '' } as const;
    stage.program.pins.startDrill(drill, MASTER, stage.clock.now());
    stage.run(1_000);
    expect(stage.onAir).toBe(BACKUP);
    stage.rest();
    stage.run(9_000 + TICK_MS);
    expect(stage.program.pins.drill).toBeNull();
  });

  it('begins anew when it wakes: a splice, metadata, headers, a keyframe', () => {
    const stage = new Stage([MASTER]);
    stage.relay(MASTER, 'live');
    stage.run(2_000);
    stage.rest();
    stage.out.length = 0;
    stage.run(10_000);
    stage.wake();
    stage.relay(MASTER, 'live');
    stage.run(100);
    expect(stage.out.slice(0, 4)).toMatchObject([
      { kind: 'splice', source: MASTER },
      { kind: 'header', track: 'video' },
      { kind: 'header', track: 'audio' },
      { kind: 'frame', keyframe: true },
    ]);
    // Nobody saw what was before: there is no hole.
    stage.run(1_000);
    expect(stage.records.at(-1)).toMatchObject({ cause: 'start', holeMs: { video: 0, audio: 0 } });
  });
});

describe('a program that wakes', () => {
  function waking(names?: string[]): Stage {
    const stage = new Stage(names);
    stage.rest();
    stage.wake();
    return stage;
  }

  it('waits for the master, of which nothing has been heard, where the backup comes first', () => {
    const stage = waking();
    stage.relay(BACKUP, 'live');
    stage.run(WAKE_WAIT_MS - 200);
    expect(stage.onAir).toBeNull();
    stage.relay(MASTER, 'live');
    expect(stage.onAir).toBe(MASTER);
    stage.run(3_000);
    expect(stage.records.map(({ cause, to }) => [cause, to])).toEqual([['start', MASTER]]);
  });

  it('waits for 2 s at most', () => {
    const stage = waking();
    stage.relay(BACKUP, 'live');
    stage.run(WAKE_WAIT_MS - TICK_MS);
    expect(stage.onAir).toBeNull();
    stage.run(2 * TICK_MS);
    expect(stage.onAir).toBe(BACKUP);
  });

  it.each<Health>(['absent', 'starting', 'stalled'])(
    'takes the backup at once where the master is heard to be %s',
    (health) => {
      const stage = waking();
      stage.relay(BACKUP, 'live');
      expect(stage.onAir).toBeNull();
      stage.relay(MASTER, health);
      stage.run(TICK_MS);
      expect(stage.onAir).toBe(BACKUP);
    },
  );

  it('does not wait for a worse one', () => {
    const stage = waking(['master/camera1', 'backup/spare', 'backup/phone']);
    stage.relay(MASTER, 'absent');
    stage.relay(BACKUP, 'live');
    stage.run(TICK_MS);
    expect(stage.onAir).toBe(BACKUP);
  });

  it('does not wait again once something is on air', () => {
    const stage = waking();
    stage.relay(MASTER, 'live');
    expect(stage.onAir).toBe(MASTER);
    stage.end(MASTER);
    expect(stage.onAir).toBeNull();
    stage.relay(MASTER, 'absent');
    stage.relay(BACKUP, 'live');
    stage.run(TICK_MS);
    expect(stage.onAir).toBe(BACKUP);
  });
});

describe('a failback', () => {
  /** The keyframe that the backup's last frame is followed by. */
  function failback(keyIn: number, masterLateMs = 0) {
    const stage = new Stage();
    stage.masterLateMs = masterLateMs;
    stage.relay(MASTER, 'absent');
    stage.relay(BACKUP, 'live');
    stage.run(2_000);
    expect(stage.onAir).toBe(BACKUP);
    stage.relay(MASTER, 'live', keyIn);
    const due = stage.input(MASTER).healthSince + HOLD_MS;
    stage.run(HOLD_MS + 2_000);
    expect(stage.onAir).toBe(MASTER);
    const splice = stage.out.findLast((packet) => packet.kind === 'splice');
    return { stage, due, cutAt: splice?.time ?? Number.NaN };
  }

  it('is cut at the first keyframe that every host has still ahead of it when it decides', () => {
    const waits = new Set<number>();
    for (let keyIn = 0; keyIn < GOP_MS; keyIn += 40) {
      const { due, cutAt } = failback(keyIn);
      waits.add(cutAt - due);
      // 250 ms behind the end of the hold, where all have decided, and one GOP more at most.
      expect(cutAt - due).toBeGreaterThanOrEqual(250);
      expect(cutAt - due).toBeLessThan(250 + GOP_MS);
    }
    expect(waits.size).toBe(GOP_MS / 40);
  });

  it('is cut at the same one where that has come before this host decides', () => {
    for (let keyIn = 0; keyIn < GOP_MS; keyIn += 40) {
      const { stage, due, cutAt } = failback(keyIn, -400);
      expect(cutAt - due).toBeGreaterThanOrEqual(250);
      expect(cutAt - due).toBeLessThan(250 + GOP_MS);
      stage.run(1_000);
      expect(stage.records.at(-1)).toMatchObject({ kind: 'clean', squeezedFrames: 0 });
    }
  });

  it('is clean', () => {
    const { stage } = failback(0);
    stage.run(1_000);
    expect(stage.records.at(-1)).toMatchObject({
      cause: 'failback',
      kind: 'clean',
      squeezedFrames: 0,
      holeMs: { video: 0, audio: 0 },
    });
  });
});

describe('a cut that is pending', () => {
  /** The backup is on air, and the hold of the master, late by `lateMs`, has just ended. */
  function pending(lateMs: number): Stage {
    const stage = new Stage();
    stage.masterLateMs = lateMs;
    stage.relay(MASTER, 'absent');
    stage.relay(BACKUP, 'live');
    stage.run(2_000);
    stage.relay(MASTER, 'live', 300);
    stage.run(HOLD_MS - 100);
    for (let steps = 0; stage.program.pendingSource === null && steps < 20; steps += 1) stage.run(STEP_MS);
    expect(stage.program.pendingSource).toBe(MASTER);
    return stage;
  }

  it('holds the old source until the new one has been heard up to its time, and is clean however late that is', () => {
    const late = 200;
    const stage = pending(late);
    const from = stage.input(MASTER).healthSince + HOLD_MS + 250;
    let hasWaited = false;
    for (let steps = 0; stage.onAir === BACKUP && steps < 100; steps += 1) {
      stage.run(STEP_MS);
      const last = stage.video.at(-1)?.time ?? 0;
      if (stage.onAir !== BACKUP || last <= from) continue;
      hasWaited ||= stage.clock.now() - last >= late;
      expect(last).toBeLessThanOrEqual(stage.clock.now() - late + STEP_MS);
    }
    expect(hasWaited).toBe(true);
    stage.run(3_000);
    expect(stage.records.at(-1)).toMatchObject({
      cause: 'failback',
      kind: 'clean',
      squeezedFrames: 0,
      holeMs: { video: 0, audio: 0 },
    });
  });

  it('holds it for a second at most, and lets all of it go on where the new source says nothing', () => {
    const stage = pending(0);
    stage.isMasterBlind = true;
    let longest = 0;
    // In earnest its owner calls such a master degraded after 2 s, which ends the cut.
    for (let steps = 0; steps < 200; steps += 1) {
      stage.run(STEP_MS);
      longest = Math.max(longest, stage.clock.now() - (stage.video.at(-1)?.time ?? 0));
    }
    expect(longest).toBeGreaterThan(500);
    expect(longest).toBeLessThanOrEqual(1_000 + TICK_MS + 2 * STEP_MS);
    const times = stage.video.map(({ time }) => time);
    const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(stage.onAir).toBe(BACKUP);
    expect(Math.max(...steps)).toBe(40);
  });

  it('holds it for a second at most where the new source speaks, but is later than that', () => {
    const stage = pending(3_000);
    let longest = 0;
    for (let steps = 0; stage.onAir === BACKUP && steps < 500; steps += 1) {
      longest = Math.max(longest, stage.clock.now() - (stage.video.at(-1)?.time ?? 0));
      stage.run(STEP_MS);
    }
    expect(stage.onAir).toBe(MASTER);
    expect(longest).toBeGreaterThan(500);
    expect(longest).toBeLessThanOrEqual(1_000 + TICK_MS + 2 * STEP_MS);
  });

  it('does not hold up the old source again once it has let it go', () => {
    const stage = pending(3_000);
    stage.run(1_500);
    expect(stage.program.pendingSource).toBe(MASTER);
    for (let steps = 0; steps < 50; steps += 1) {
      stage.run(STEP_MS);
      expect(stage.clock.now() - (stage.video.at(-1)?.time ?? 0)).toBeLessThanOrEqual(40 + STEP_MS);
    }
    expect(stage.onAir).toBe(BACKUP);
  });

  it('lets go on what it holds where the new source is lost, and nothing is missing', () => {
    const stage = pending(400);
    stage.run(500);
    const before = stage.video.length;
    stage.end(MASTER);
    expect(stage.program.pendingSource).toBeNull();
    expect(stage.video.length).toBeGreaterThan(before);
    stage.run(1_000);
    const times = stage.video.map(({ time }) => time);
    expect(Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)))).toBe(40);
    expect(stage.onAir).toBe(BACKUP);
  });
});
