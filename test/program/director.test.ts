/** The director: events are acted on at once, stalls are noticed in time, and a pause of the host is nobody's fault. */
import { describe, expect, it } from '@jest/globals';
import { Input } from '../../runtime/input/input.ts';
import { type InputPublication, InputRegistry } from '../../runtime/input/registry.ts';
import type { Cancel } from '../../runtime/media/clock.ts';
import type { ContentionPolicy } from '../../runtime/program/contention.ts';
import { Director } from '../../runtime/program/director.ts';
import { Program } from '../../runtime/program/program.ts';
import {
  AUDIO_CONFIG,
  audioPacket,
  headerPacket,
  VIDEO_CONFIG,
  videoPacket,
} from '../input/sample-packets.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';
import { POLICY } from './candidates.ts';

const STALL_MS = 500;
const TICK_MS = 50;
const FRAME_MS = 40;
const WARM_UP_MS = 5_000;

interface HealthEvent {
  readonly at: number;
  readonly input: string;
  readonly health: string;
}

/** Programs with a master each, one backup, and encoders that send 25 frames a second with a GOP of a second. */
class Stage {
  readonly clock = new FakeClock();
  readonly health: HealthEvent[] = [];
  readonly programs: Program[];
  private readonly registry: InputRegistry;
  private readonly publications = new Map<string, InputPublication>();
  private readonly encoders = new Map<string, Cancel>();
  private readonly sendDue = new Map<string, () => void>();
  private readonly stopDirector: Cancel;

  /** `phaseMs`: from a tick of the director to the encoders' frames. */
  constructor(
    names: readonly string[],
    { contention = 'share', phaseMs = 0 }: { contention?: ContentionPolicy; phaseMs?: number } = {},
  ) {
    const create = (name: string): Input =>
      new Input({
        name,
        kind: name.startsWith('master/') ? 'master' : 'backup',
        policy: { stallTimeoutMs: STALL_MS, degradedAfterMs: 2_000, floor: {} },
        warmBuffer: { limitBytes: 10_000_000, limitMs: 20_000 },
        events: {
          health: (input) => {
            this.health.push({ at: this.clock.now(), input: input.name, health: input.health });
            director.decide();
          },
          reanchored: () => {},
        },
      });
    const spare = create('backup/spare');
    const masters = names.map((name) => create(`master/${name}`));
    this.programs = masters.map(
      (master, index) =>
        new Program({
          name: names[index] as string,
          candidates: [master, spare],
          policy: POLICY,
          stallTimeoutMs: STALL_MS,
          onSwitch: () => {},
        }),
    );
    const inputs = [...masters, spare];
    const director = new Director({ clock: this.clock, inputs, programs: this.programs, contention });
    this.stopDirector = director.start();
    this.registry = new InputRegistry({
      inputs,
      clock: this.clock,
      isKeyRight: () => true,
      events: { published: () => {}, unpublished: () => {} },
    });
    this.clock.advance(phaseMs);
    for (const { name } of inputs) this.publish(name);
    this.clock.advance(WARM_UP_MS);
    this.health.length = 0;
  }

  onAir(program = 0): string | null {
    return this.programs[program]?.onAir?.name ?? null;
  }

  publish(name: string): void {
    const publication = this.registry.publish(name, 'key', { address: name, close: () => {} });
    if (typeof publication === 'string') throw new Error(publication);
    this.publications.set(name, publication);
    publication.packet(headerPacket(VIDEO_CONFIG));
    publication.packet(headerPacket(AUDIO_CONFIG));
    const startedAt = this.clock.now();
    let sent = 0;
    this.sendDue.set(name, () => {
      for (; startedAt + sent * FRAME_MS <= this.clock.now(); sent += 1) {
        publication.packet(videoPacket(sent * FRAME_MS, sent % 25 === 0));
        publication.packet(audioPacket(sent * FRAME_MS));
      }
    });
    this.resumeEncoder(name);
  }

  /** Sends what has been held up, and goes on. */
  resumeEncoder(name: string): void {
    const sendDue = this.sendDue.get(name) ?? (() => {});
    sendDue();
    this.encoders.set(name, this.clock.every(FRAME_MS, sendDue));
  }

  /** Its connection stays open. */
  freezeEncoder(name: string): void {
    this.encoders.get(name)?.();
  }

  unpublish(name: string): void {
    this.freezeEncoder(name);
    this.publications.get(name)?.end('closed by peer');
  }

  stop(): void {
    this.stopDirector();
  }

  healthAfter(): string[] {
    return this.health.map(({ at, input, health }) => `${at - EPOCH - WARM_UP_MS} ${input} ${health}`);
  }
}

describe('the director', () => {
  it('puts the masters on air', () => {
    const stage = new Stage(['a', 'b']);
    expect([stage.onAir(0), stage.onAir(1)]).toEqual(['master/a', 'master/b']);
  });

  it('acts on an unpublish at once, without waiting for its tick', () => {
    const stage = new Stage(['a', 'b']);
    stage.clock.advance(17);
    stage.unpublish('master/a');
    expect(stage.onAir(0)).toBe('backup/spare');
    expect(stage.onAir(1)).toBe('master/b');
    expect(stage.programs[0]?.onAirSince).toBe(stage.clock.now());
  });

  it('notices a stall at most a tick late, wherever it falls between two ticks', () => {
    for (let phaseMs = 0; phaseMs < 60; phaseMs += 1) {
      const stage = new Stage(['a'], { phaseMs });
      const lastPacketAt = stage.programs[0]?.onAir?.lastPacketAt ?? 0;
      stage.freezeEncoder('master/a');
      stage.clock.advance(STALL_MS + FRAME_MS + TICK_MS);
      const noticed = stage.health.find(({ health }) => health === 'stalled');
      const lateMs = (noticed?.at ?? Number.NaN) - lastPacketAt - STALL_MS;
      expect({ phaseMs, input: noticed?.input, isInTime: lateMs >= 0 && lateMs <= TICK_MS }).toEqual({
        phaseMs,
        input: 'master/a',
        isInTime: true,
      });
      expect(stage.onAir()).toBe('backup/spare');
    }
  });

  it('leaves a program alone while its encoder is merely slow', () => {
    const stage = new Stage(['a']);
    stage.freezeEncoder('master/a');
    stage.clock.advance(STALL_MS - FRAME_MS - 1);
    expect(stage.health).toEqual([]);
    expect(stage.onAir()).toBe('master/a');
  });

  it("takes its own pause for nobody else's fault", () => {
    const stage = new Stage(['a', 'b']);
    const everybody = ['master/a', 'master/b', 'backup/spare'];
    // The process stands still. Then the tick comes first, and what has come meanwhile is read after it.
    for (const name of everybody) stage.freezeEncoder(name);
    stage.clock.freeze(3_000);
    stage.clock.advance(0);
    for (const name of everybody) stage.resumeEncoder(name);
    stage.clock.advance(1_000);
    expect(stage.healthAfter()).toEqual([]);
    expect([stage.onAir(0), stage.onAir(1)]).toEqual(['master/a', 'master/b']);
  });

  it('notices, behind its own pause, who is really gone', () => {
    const stage = new Stage(['a', 'b']);
    const everybody = ['master/a', 'master/b', 'backup/spare'];
    for (const name of everybody) stage.freezeEncoder(name);
    stage.clock.freeze(3_000);
    stage.clock.advance(0);
    for (const name of everybody.slice(1)) stage.resumeEncoder(name);
    stage.clock.advance(2 * TICK_MS);
    expect(stage.health.map(({ input, health }) => `${input} ${health}`)).toEqual(['master/a stalled']);
    expect([stage.onAir(0), stage.onAir(1)]).toEqual(['backup/spare', 'master/b']);
  });

  it('forgives no tick that is only a little late', () => {
    const stage = new Stage(['a']);
    stage.freezeEncoder('master/a');
    stage.clock.advance(STALL_MS - 60);
    stage.clock.freeze(130);
    stage.clock.advance(0);
    expect(stage.onAir()).toBe('backup/spare');
  });

  it('looks at contention in the order of the programs', () => {
    const stage = new Stage(['a', 'b'], { contention: 'priority' });
    stage.unpublish('master/b');
    expect(stage.onAir(1)).toBe('backup/spare');
    stage.unpublish('master/a');
    // b has to give it up, and has nothing else to go to.
    expect([stage.onAir(0), stage.onAir(1)]).toEqual(['backup/spare', null]);
  });

  it('shares the backup where that is the policy', () => {
    const stage = new Stage(['a', 'b']);
    stage.unpublish('master/a');
    stage.unpublish('master/b');
    expect([stage.onAir(0), stage.onAir(1)]).toEqual(['backup/spare', 'backup/spare']);
  });

  it('stops when told', () => {
    const stage = new Stage(['a']);
    stage.stop();
    stage.freezeEncoder('master/a');
    stage.clock.advance(10_000);
    expect(stage.health).toEqual([]);
  });

  it('looks for no stand-ins once it has stopped: the publishers end because the host does', () => {
    const stage = new Stage(['a']);
    stage.stop();
    stage.unpublish('master/a');
    expect(stage.onAir()).toBe('master/a');
  });
});
