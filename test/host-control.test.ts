/** What a host does when told, and when told too late. */
import { describe, expect, it } from '@jest/globals';
import { EventLog } from '../runtime/control/event-log.ts';
import { HostControl } from '../runtime/host-control.ts';
import { Input } from '../runtime/input/input.ts';
import { Director } from '../runtime/program/director.ts';
import { Program } from '../runtime/program/program.ts';
import { VIDEO_CONFIG } from './input/sample-packets.ts';
import { POLICY } from './program/candidates.ts';
import { FakeClock } from './support/fake-clock.ts';

const MASTER = 'master/camera1';
const SPARE = 'backup/spare';

/** A host without sockets whose inputs are live by decree, with its master on air. */
function hostOnMaster() {
  const clock = new FakeClock();
  const inputs = [MASTER, SPARE].map((name) => {
    const input = new Input({
      name,
      kind: name === MASTER ? 'master' : 'backup',
      policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
      warmBuffer: { limitBytes: 1_000_000, limitMs: 20_000 },
      events: { health: () => {}, reanchored: () => {} },
    });
    input.health = 'live';
    return input;
  });
  const program = new Program({
    name: 'camera1',
    candidates: inputs,
    policy: POLICY,
    stallTimeoutMs: 500,
    onSwitch: () => {},
  });
  const director = new Director({ clock, inputs, programs: [program], contention: 'share' });
  director.decide();
  const control = new HostControl({
    host: 'one',
    clock,
    ports: { rtmp: 0, http: 0, control: 0 },
    inputs,
    programs: [program],
    deliveryOf: () => ({ skips: 0, sentBytes: 0 }),
    director,
    events: new EventLog(),
    state: () => 'serving',
    relays: () => [],
    exposition: { contentType: 'text/plain', render: async () => '' },
    hasHls: true,
    signPlay: () => ({ query: '', expiresAt: null }),
  });
  return { clock, control, program, inputs };
}

describe('a command with an end to its worth', () => {
  type Host = ReturnType<typeof hostOnMaster>;
  interface Case {
    readonly name: string;
    readonly give: (host: Host, notAfter: number) => ReturnType<HostControl['pin']>;
    /** Of the program. */
    readonly changes: (host: Host) => boolean;
  }
  const asked = { by: 'ann', reason: '', sequence: 2, automatic: false };
  const pinned = ({ control, clock }: Host, rest: object = {}) =>
    control.pin('camera1', { ...asked, source: SPARE, expiresAt: clock.now() + 60_000, ...rest });
  const CASES: readonly Case[] = [
    {
      name: 'a switch',
      give: (host, notAfter) => pinned(host, { notAfter }),
      changes: ({ program }) => program.pins.pin !== null,
    },
    {
      name: 'a release',
      give: (host, notAfter) => {
        pinned(host, { sequence: 1 });
        return host.control.release('camera1', { ...asked, notAfter });
      },
      changes: ({ program }) => program.pins.pin === null,
    },
    {
      name: 'a drill',
      give: ({ control }, notAfter) =>
        control.drill('camera1', { kind: 'unpublish', durationMs: 5_000, by: 'ann', reason: '', notAfter }),
      changes: ({ program }) => program.pins.drill !== null,
    },
  ];

  it.each(CASES)('$name that comes in time is carried out', ({ give, changes }) => {
    const host = hostOnMaster();
    expect(give(host, host.clock.now())?.outcome).toBe('done');
    expect(changes(host)).toBe(true);
  });

  it.each(CASES)('$name that comes later does nothing, and says by how much', ({ give, changes }) => {
    const host = hostOnMaster();
    expect(give(host, host.clock.now() - 1_500)).toMatchObject({
      outcome: 'expired',
      why: 'it was valid until 1500 ms ago',
    });
    expect(changes(host)).toBe(false);
  });

  it('that is automatic, and meets a pin by a person, leaves the program as the answer says', () => {
    const host = hostOnMaster();
    pinned(host);
    const answer = pinned(host, { automatic: true, source: MASTER, by: 'control function' });
    expect(answer).toMatchObject({
      outcome: 'yielded',
      why: expect.stringContaining('by ann'),
      program: { pin: { source: SPARE, by: 'ann', automatic: false } },
    });
  });
});

describe('a drill of what is lost already, and waited for', () => {
  it('is refused', () => {
    const { control, program } = hostOnMaster();
    program.isWaiting = true;
    const command = { kind: 'unpublish', durationMs: 5_000, by: 'ann', reason: '' } as const;
    expect(control.drill('camera1', command)).toMatchObject({
      outcome: 'refused',
      why: 'camera1 is not on air: there is nothing to lose',
    });
  });
});

describe('what the preflight finds', () => {
  it('is kept for each program until it finds something else', () => {
    const { control, inputs } = hostOnMaster();
    const [master, spare] = inputs;
    if (master === undefined || spare === undefined) throw new Error('no inputs');
    control.preflight();
    expect(control.warningsOf('camera1')).toEqual([]);
    master.headers = { video: VIDEO_CONFIG, audio: null, extras: [] };
    expect(control.preflight()).toHaveLength(1);
    expect(control.warningsOf('camera1')).toHaveLength(1);
    expect(control.state().programs[0]?.warnings).toEqual(control.warningsOf('camera1'));
    expect(control.warningsOf('camera9')).toEqual([]);
    spare.headers = master.headers;
    control.preflight();
    expect(control.warningsOf('camera1')).toEqual([]);
  });
});
