/** What a program is told from outside: commands that are late, repeated or out of order do no harm. */
import { describe, expect, it } from '@jest/globals';
import {
  type CommandOutcome,
  type PinCommand,
  Pins,
  type ReleaseCommand,
} from '../../runtime/program/pins.ts';
import { EPOCH } from '../support/fake-clock.ts';

const NOW = EPOCH;
const STALL_MS = 500;
const MASTER = 'master/camera1';
const SPARE = 'backup/spare';
const DONE: CommandOutcome = { outcome: 'done' };

function createPins(): Pins {
  return new Pins('camera1', STALL_MS);
}

function pinCommand(sequence: number, rest: Partial<PinCommand> = {}): PinCommand {
  return {
    candidate: SPARE,
    by: 'ann',
    reason: 'cable',
    automatic: false,
    expiresAt: NOW + 60_000,
    sequence,
    ...rest,
  };
}

function release(sequence: number, automatic = false): ReleaseCommand {
  return { by: 'bob', reason: 'cable is back', automatic, sequence };
}

const drill = (kind: 'unpublish' | 'stall' = 'unpublish') => ({
  kind,
  durationMs: 10_000,
  by: 'eve',
  reason: 'rehearsal',
});

describe('a pin command', () => {
  it('pins, and says who and why', () => {
    const pins = createPins();
    expect(pins.setPin(pinCommand(1), MASTER, NOW)).toEqual(DONE);
    expect(pins.pin).toMatchObject({ candidate: SPARE, since: NOW, expiresAt: NOW + 60_000 });
    expect(pins.askedBy('pinned')).toMatchObject({ by: 'ann', reason: 'cable' });
  });

  it.each<[name: string, expiresAt: number, outcome: string]>([
    ['that expires in a moment is carried out', NOW + 1, 'done'],
    ['that expires now is not', NOW, 'expired'],
    ['that has expired is not', NOW - 2_500, 'expired'],
  ])('%s', (_name, expiresAt, outcome) => {
    const pins = createPins();
    expect(pins.setPin(pinCommand(1, { expiresAt }), MASTER, NOW).outcome).toBe(outcome);
    expect(pins.pin === null).toBe(outcome !== 'done');
  });

  it('that comes too late says by how much', () => {
    const outcome = createPins().setPin(pinCommand(1, { expiresAt: NOW - 2_500 }), MASTER, NOW);
    expect(outcome).toEqual({ outcome: 'expired', why: expect.stringContaining('2500 ms ago') });
  });
});

describe('the fence', () => {
  interface Step {
    readonly does: 'pin' | 'release' | 'expired pin';
    readonly sequence: number;
    readonly outcome: CommandOutcome['outcome'];
  }

  it.each<{ name: string; steps: readonly Step[]; pinned: boolean }>([
    {
      name: 'lets rising numbers through',
      steps: [
        { does: 'pin', sequence: 1, outcome: 'done' },
        { does: 'release', sequence: 2, outcome: 'done' },
        { does: 'pin', sequence: 9, outcome: 'done' },
      ],
      pinned: true,
    },
    {
      name: 'lets 0 through, once',
      steps: [
        { does: 'pin', sequence: 0, outcome: 'done' },
        { does: 'pin', sequence: 0, outcome: 'repeated' },
      ],
      pinned: true,
    },
    {
      name: 'a repeated pin does not undo the release that followed it',
      steps: [
        { does: 'pin', sequence: 1, outcome: 'done' },
        { does: 'release', sequence: 2, outcome: 'done' },
        { does: 'pin', sequence: 1, outcome: 'overtaken' },
      ],
      pinned: false,
    },
    {
      name: 'a release that was overtaken by a pin does not undo it',
      steps: [
        { does: 'pin', sequence: 3, outcome: 'done' },
        { does: 'release', sequence: 2, outcome: 'overtaken' },
      ],
      pinned: true,
    },
    {
      name: 'a repeated release is as good as done',
      steps: [
        { does: 'pin', sequence: 1, outcome: 'done' },
        { does: 'release', sequence: 2, outcome: 'done' },
        { does: 'release', sequence: 2, outcome: 'repeated' },
      ],
      pinned: false,
    },
    {
      name: 'a command that had expired does not use its number up',
      steps: [
        { does: 'expired pin', sequence: 5, outcome: 'expired' },
        { does: 'pin', sequence: 4, outcome: 'done' },
      ],
      pinned: true,
    },
  ])('$name', ({ steps, pinned }) => {
    const pins = createPins();
    for (const { does, sequence, outcome } of steps) {
      const given =
        does === 'release'
          ? pins.release(release(sequence), NOW)
          : pins.setPin(pinCommand(sequence, does === 'pin' ? {} : { expiresAt: NOW - 1 }), MASTER, NOW);
      expect({ sequence, ...given }).toMatchObject({ sequence, outcome });
      if (given.outcome !== 'done') expect(given.why).not.toBe('');
    }
    expect(pins.pin !== null).toBe(pinned);
  });

  it('a repeated command leaves the pin as it is', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.setPin(pinCommand(1, { candidate: 'slate', by: 'mallory' }), MASTER, NOW + 5);
    expect(pins.pin).toMatchObject({ candidate: SPARE, by: 'ann', since: NOW });
  });
});

describe('the end of a pin', () => {
  it('comes at its expiry, and leads back to where the pin took the program away from', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.expire(NOW + 59_999);
    expect(pins).toMatchObject({ pin: { candidate: SPARE }, returnTo: null });
    pins.expire(NOW + 60_000);
    expect(pins).toMatchObject({ pin: null, returnTo: MASTER });
    expect(pins.askedBy('return')).toEqual({ by: 'ann', reason: 'pin expired (cable)' });
  });

  it('comes with a release, which says who asked', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    expect(pins.release(release(2), NOW)).toEqual(DONE);
    expect(pins).toMatchObject({ pin: null, returnTo: MASTER });
    expect(pins.askedBy('return')).toMatchObject({ by: 'bob', reason: 'cable is back' });
  });

  it('leads back behind the first of several pins', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.switched(SPARE);
    pins.setPin(pinCommand(2, { candidate: 'slate' }), SPARE, NOW);
    pins.switched('slate');
    pins.release(release(3), NOW);
    expect(pins.returnTo).toBe(MASTER);
  });

  it('leads nowhere where nothing was on air', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), null, NOW);
    pins.release(release(2), NOW);
    expect(pins.returnTo).toBeNull();
  });

  it('is forgotten once the program has gone back', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.release(release(2), NOW);
    pins.switched(MASTER);
    expect(pins.returnTo).toBeNull();
  });

  it('is forgotten where the program went elsewhere meanwhile', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.release(release(2), NOW);
    pins.switched('slate');
    expect(pins.returnTo).toBeNull();
  });

  it('needs no pin: a release of nothing does nothing', () => {
    const pins = createPins();
    expect(pins.release(release(1), NOW)).toEqual(DONE);
    expect(pins).toMatchObject({ pin: null, drill: null, returnTo: null });
  });
});

describe('a drill', () => {
  it('mutes its candidate from the first moment, and no other', () => {
    const pins = createPins();
    expect(pins.startDrill(drill(), MASTER, NOW)).toEqual(DONE);
    expect([pins.isMuted(MASTER), pins.isMuted(SPARE)]).toEqual([true, false]);
    expect(pins.askedBy('drill')).toMatchObject({ by: 'eve', reason: 'rehearsal' });
  });

  it('of an unpublish withholds its candidate at once', () => {
    const pins = createPins();
    pins.startDrill(drill('unpublish'), MASTER, NOW);
    expect(pins.withheldAt(NOW)).toBe(MASTER);
  });

  it('of a stall withholds it when a stall would be noticed', () => {
    const pins = createPins();
    pins.startDrill(drill('stall'), MASTER, NOW);
    expect(pins.isMuted(MASTER)).toBe(true);
    expect(pins.withheldAt(NOW + STALL_MS - 1)).toBeNull();
    expect(pins.withheldAt(NOW + STALL_MS)).toBe(MASTER);
  });

  it('is refused while another one runs, and says so', () => {
    const pins = createPins();
    pins.startDrill(drill(), MASTER, NOW);
    const second = pins.startDrill(drill('stall'), SPARE, NOW + 1);
    expect(second).toEqual({ outcome: 'refused', why: expect.stringContaining('camera1') });
    expect(pins.drill?.candidate).toBe(MASTER);
  });

  it('ends by itself, and leads back', () => {
    const pins = createPins();
    pins.startDrill(drill(), MASTER, NOW);
    pins.switched(SPARE);
    pins.expire(NOW + 9_999);
    expect(pins.drill).not.toBeNull();
    pins.expire(NOW + 10_000);
    expect(pins).toMatchObject({ drill: null, returnTo: MASTER });
    expect([pins.isMuted(MASTER), pins.withheldAt(NOW + 10_000)]).toEqual([false, null]);
    expect(pins.askedBy('return')).toEqual({ by: 'eve', reason: 'end of the drill' });
  });

  it('ends with a release', () => {
    const pins = createPins();
    pins.startDrill(drill(), MASTER, NOW);
    pins.release(release(1), NOW);
    expect(pins).toMatchObject({ drill: null, returnTo: MASTER });
    expect(pins.askedBy('return')).toMatchObject({ by: 'bob' });
  });

  it('of a pinned candidate leads, once both are released, to where the program was before the pin', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.switched(SPARE);
    pins.startDrill(drill(), SPARE, NOW);
    pins.release(release(2), NOW);
    expect(pins).toMatchObject({ pin: null, drill: null, returnTo: MASTER });
  });

  it('can be followed by another', () => {
    const pins = createPins();
    pins.startDrill(drill(), MASTER, NOW);
    pins.expire(NOW + 10_000);
    expect(pins.startDrill(drill(), MASTER, NOW + 10_000)).toEqual(DONE);
  });
});

describe('who is behind a switch', () => {
  it.each(['lost', 'failback', 'degraded', 'contention', 'start', 'nothing-left'] as const)(
    'nobody, where it is %s',
    (cause) => {
      const pins = createPins();
      pins.setPin(pinCommand(1), MASTER, NOW);
      pins.startDrill(drill(), MASTER, NOW);
      expect(pins.askedBy(cause)).toBeNull();
    },
  );
});

describe('the same sequence on another command', () => {
  it('is a mistake, and says so', () => {
    const pins = createPins();
    pins.setPin(pinCommand(5), MASTER, NOW);
    expect(pins.setPin(pinCommand(5, { candidate: MASTER }), SPARE, NOW).outcome).toBe('overtaken');
    expect(pins.release(release(5), NOW).outcome).toBe('overtaken');
    expect(pins.pin?.candidate).toBe(SPARE);
    expect(pins.setPin(pinCommand(5), MASTER, NOW).outcome).toBe('repeated');
  });
});

describe('the place to go back to', () => {
  it('is forgotten where it is lost meanwhile', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.release(release(2), NOW);
    pins.forgetReturnUnless((name) => name === MASTER);
    expect(pins.returnTo).toBe(MASTER);
    pins.forgetReturnUnless(() => false);
    expect(pins.returnTo).toBeNull();
  });
});

describe('a pin that expires while a drill runs', () => {
  it('leads back to where the program was before the pin', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1, { expiresAt: NOW + 5_000 }), MASTER, NOW);
    pins.startDrill(drill(), SPARE, NOW + 1_000);
    pins.expire(NOW + 5_000);
    // The program has gone back already, and the drill goes on.
    pins.switched(MASTER);
    pins.expire(NOW + 11_000);
    expect(pins.drill).toBeNull();
    expect(pins.returnTo).toBe(MASTER);
  });
});

describe('the events of a drill', () => {
  it('says when it begins and when it ends', () => {
    const phases: string[] = [];
    const pins = new Pins('camera1', STALL_MS, (phase) => phases.push(phase));
    pins.startDrill(drill(), MASTER, NOW);
    expect(phases).toEqual(['began']);
    pins.expire(NOW + 10_000);
    expect(phases).toEqual(['began', 'ended']);
  });
});

describe('an automatic command', () => {
  const ALARM = { by: 'control function', reason: 'camera1 is lost', automatic: true };
  const UNTIL = NOW + 60_000;

  interface Step {
    /** ms after NOW. */
    readonly at?: number;
    readonly does: (pins: Pins, now: number) => CommandOutcome;
    readonly outcome: CommandOutcome['outcome'];
    readonly why?: string;
  }
  const personPins = (sequence: number, outcome: Step['outcome'] = 'done'): Step => ({
    does: (pins, now) => pins.setPin(pinCommand(sequence), MASTER, now),
    outcome,
  });
  const personReleases = (sequence: number, outcome: Step['outcome'] = 'done'): Step => ({
    does: (pins, now) => pins.release(release(sequence), now),
    outcome,
  });
  const personDrills: Step = { does: (pins, now) => pins.startDrill(drill(), MASTER, now), outcome: 'done' };
  const pinsItself = (
    sequence: number,
    outcome: Step['outcome'] = 'done',
    rest: Partial<Step> = {},
  ): Step => ({
    does: (pins, now) =>
      pins.setPin(pinCommand(sequence, { ...ALARM, expiresAt: NOW + 90_000 }), MASTER, now),
    outcome,
    ...rest,
  });
  const releasesItself = (sequence: number, outcome: Step['outcome'] = 'done', why?: string): Step => ({
    does: (pins, now) => pins.release(release(sequence, true), now),
    outcome,
    ...(why === undefined ? {} : { why }),
  });
  const ANNS_PIN = `pinned to ${SPARE} by ann (cable) until ${UNTIL}, for 60000 ms more`;

  it.each<{ name: string; steps: readonly Step[]; pinBy: string | null; isDrilled?: boolean }>([
    { name: 'pins where nothing is in its way', steps: [pinsItself(1)], pinBy: 'control function' },
    {
      name: "yields to a person's pin, and says whose, why and until when",
      steps: [personPins(1), pinsItself(1, 'yielded', { why: ANNS_PIN })],
      pinBy: 'ann',
    },
    {
      name: 'does not yield to a pin that ends at this moment',
      steps: [personPins(1), pinsItself(1, 'done', { at: 60_000 })],
      pinBy: 'control function',
    },
    {
      name: 'yields to a drill, and says until when',
      steps: [
        personDrills,
        pinsItself(1, 'yielded', {
          why: `drill of ${MASTER} by eve (rehearsal) until ${NOW + 10_000}, for 10000 ms more`,
        }),
      ],
      pinBy: null,
      isDrilled: true,
    },
    {
      name: 'does not yield to a drill that ends at this moment',
      steps: [personDrills, pinsItself(1, 'done', { at: 10_000 })],
      pinBy: 'control function',
    },
    { name: 'ends an automatic pin', steps: [pinsItself(1), releasesItself(2)], pinBy: null },
    {
      name: "does not end a person's pin",
      steps: [personPins(1), releasesItself(1, 'yielded', ANNS_PIN)],
      pinBy: 'ann',
    },
    { name: 'is done where there is no pin to end', steps: [releasesItself(1)], pinBy: null },
    {
      name: 'never ends a drill, but the automatic pin behind it',
      steps: [pinsItself(1), personDrills, releasesItself(2)],
      pinBy: null,
      isDrilled: true,
    },
    {
      name: "gives way to a person's pin, which then stands",
      steps: [pinsItself(1), personPins(1), pinsItself(2, 'yielded')],
      pinBy: 'ann',
    },
    {
      name: "is ended by a person's release, with the drill",
      steps: [pinsItself(1), personDrills, personReleases(1)],
      pinBy: null,
    },
    {
      name: 'has numbers of its own: high ones do not stop a person',
      steps: [pinsItself(1_000), personReleases(1), pinsItself(1_001)],
      pinBy: 'control function',
    },
    {
      name: "has numbers of its own: a person's high ones do not stop it",
      steps: [personPins(1_000), personReleases(1_001), pinsItself(1)],
      pinBy: 'control function',
    },
    {
      name: 'is fenced among its own: repeated and overtaken',
      steps: [
        pinsItself(2),
        pinsItself(2, 'repeated'),
        releasesItself(2, 'overtaken'),
        releasesItself(1, 'overtaken'),
      ],
      pinBy: 'control function',
    },
    {
      name: 'that has yielded can be tried again with its number',
      steps: [personPins(1), pinsItself(5, 'yielded'), personReleases(2), pinsItself(5)],
      pinBy: 'control function',
    },
    {
      name: 'that has yielded has overtaken those before it all the same',
      steps: [personPins(1), releasesItself(5, 'yielded'), personReleases(2), pinsItself(4, 'overtaken')],
      pinBy: null,
    },
  ])('$name', ({ steps, pinBy, isDrilled = false }) => {
    const pins = createPins();
    for (const { does, at = 0, outcome, why } of steps) {
      expect(does(pins, NOW + at)).toMatchObject({ outcome, ...(why === undefined ? {} : { why }) });
    }
    expect({ pinBy: pins.pin?.by ?? null, isDrilled: pins.drill !== null }).toEqual({ pinBy, isDrilled });
  });

  it("leads back to where the program was before it, where a person's pin took its place", () => {
    const pins = createPins();
    pins.setPin(pinCommand(1, ALARM), MASTER, NOW);
    pins.switched(SPARE);
    pins.setPin(pinCommand(1, { candidate: 'slate' }), SPARE, NOW);
    pins.switched('slate');
    pins.release(release(2), NOW);
    expect(pins.returnTo).toBe(MASTER);
    expect(pins.askedBy('return')).toMatchObject({ by: 'bob' });
  });
});

describe('where a program belongs after a pin', () => {
  it('is not where it is on its way back from', () => {
    const pins = createPins();
    pins.setPin(pinCommand(1), MASTER, NOW);
    pins.switched(SPARE);
    pins.release(release(2), NOW);
    // The return waits for a keyframe, and the spare is still on air.
    pins.setPin(pinCommand(3, { candidate: 'slate' }), SPARE, NOW);
    pins.switched('slate');
    pins.release(release(4), NOW);
    expect(pins.returnTo).toBe(MASTER);
  });

  it('is not where a drill has taken it', () => {
    const pins = createPins();
    pins.startDrill(drill(), MASTER, NOW);
    pins.switched(SPARE);
    pins.setPin(pinCommand(1, { candidate: 'slate' }), SPARE, NOW);
    pins.switched('slate');
    pins.expire(NOW + 10_000);
    pins.release(release(2), NOW + 20_000);
    expect(pins.returnTo).toBe(MASTER);
  });
});
