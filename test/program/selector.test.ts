/** Which candidate a program shows: a pure function of what is known. */
import { describe, expect, it } from '@jest/globals';
import type { Health } from '../../runtime/input/health.ts';
import {
  type Candidate,
  DECISION_MARGIN_MS,
  type FailbackPolicy,
  holdMs,
  type Pin,
  type Selection,
  type SelectorPolicy,
  type SelectorState,
  select,
} from '../../runtime/program/selector.ts';
import { Random } from '../support/random.ts';
import { candidate, NOW, POLICY, showing } from './candidates.ts';

const MASTER = 'master/camera1';
const SPARE = 'backup/spare';
const SECOND = 'backup/second';
const HOLD = POLICY.failbackHoldMs;

const live = (name: string, forMs?: number) => candidate(name, forMs === undefined ? {} : { forMs });
const lost = (name: string, health: Health = 'absent') => candidate(name, { health, forMs: 0 });
const degraded = (name: string) => candidate(name, { health: 'degraded' });

function pin(name: string, { sinceMs = 1_000, forMs = 60_000 } = {}): Pin {
  return { candidate: name, since: NOW - sinceMs, expiresAt: NOW + forMs };
}

const stay = (name: string | null): Selection => ({ candidate: name, cause: null });
const go = (name: string | null, cause: Selection['cause']): Selection => ({ candidate: name, cause });

interface Case {
  readonly name: string;
  readonly candidates: readonly Candidate[];
  readonly state: SelectorState;
  readonly policy?: Partial<SelectorPolicy>;
  readonly selects: Selection;
}

function runs(cases: readonly Case[]): void {
  it.each(cases)('$name', ({ candidates, state, policy, selects }) => {
    expect(select(candidates, state, { ...POLICY, ...policy }, NOW)).toMatchObject(selects);
  });
}

describe('the selector at the start', () => {
  runs([
    {
      name: 'shows nothing while there is nothing',
      candidates: [lost(MASTER), lost(SPARE)],
      state: showing(null),
      selects: stay(null),
    },
    {
      name: 'takes the first that is live, without a hold',
      candidates: [live(MASTER, 0), live(SPARE), live('slate')],
      state: showing(null),
      selects: go(MASTER, 'start'),
    },
    {
      name: 'takes the backup where the master is not there',
      candidates: [lost(MASTER), live(SPARE), live('slate')],
      state: showing(null),
      selects: go(SPARE, 'start'),
    },
    {
      name: 'takes the slate where nothing else is',
      candidates: [lost(MASTER), lost(SPARE), live('slate')],
      state: showing(null),
      selects: go('slate', 'start'),
    },
    {
      name: 'takes the first where what was on air is no candidate any more',
      candidates: [live(MASTER)],
      state: showing('master/other'),
      selects: go(MASTER, 'start'),
    },
  ]);
});

describe('the selector after a loss', () => {
  runs([
    ...(['absent', 'starting', 'stalled'] as const).map((health) => ({
      name: `leaves a candidate that is ${health} at once, for the first that is live`,
      candidates: [lost(MASTER, health), live(SPARE, 0), live(SECOND), live('slate')],
      state: showing(MASTER),
      selects: go(SPARE, 'lost'),
    })),
    {
      name: 'passes over what is lost too',
      candidates: [lost(MASTER), lost(SPARE, 'stalled'), live(SECOND), live('slate')],
      state: showing(MASTER),
      selects: go(SECOND, 'lost'),
    },
    {
      name: 'goes from the backup to the master, where that is back',
      candidates: [live(MASTER, 0), lost(SPARE), live('slate')],
      state: showing(SPARE),
      selects: go(MASTER, 'lost'),
    },
    {
      name: 'prefers a clean candidate to a degraded one that stands in front of it',
      candidates: [lost(MASTER), degraded(SPARE), live(SECOND), live('slate')],
      state: showing(MASTER),
      selects: go(SECOND, 'lost'),
    },
    {
      name: 'prefers a degraded candidate to the slate',
      candidates: [lost(MASTER), degraded(SPARE), live('slate')],
      state: showing(MASTER),
      selects: go(SPARE, 'lost'),
    },
    {
      name: 'takes the slate where nothing else is left',
      candidates: [lost(MASTER), lost(SPARE), live('slate')],
      state: showing(SPARE),
      selects: go('slate', 'lost'),
    },
    {
      name: 'takes the slate last wherever the list has it',
      candidates: [live('slate'), lost(MASTER), live(SPARE)],
      state: showing(MASTER),
      selects: go(SPARE, 'lost'),
    },
    {
      name: 'shows nothing where nothing is left and there is no slate',
      candidates: [lost(MASTER), lost(SPARE)],
      state: showing(MASTER),
      selects: go(null, 'nothing-left'),
    },
  ]);
});

describe('failback', () => {
  runs([
    {
      name: 'auto waits for the hold',
      candidates: [live(MASTER, HOLD - 1), live(SPARE)],
      state: showing(SPARE),
      selects: stay(SPARE),
    },
    {
      name: 'auto returns once the master has been clean for the hold',
      candidates: [live(MASTER, HOLD), live(SPARE)],
      state: showing(SPARE),
      selects: go(MASTER, 'failback'),
    },
    {
      name: 'auto does not return to a degraded master',
      candidates: [degraded(MASTER), live(SPARE)],
      state: showing(SPARE),
      selects: stay(SPARE),
    },
    {
      name: 'auto returns to the best that is clean',
      candidates: [live(MASTER, 0), live(SPARE), live(SECOND)],
      state: showing(SECOND),
      selects: go(SPARE, 'failback'),
    },
    {
      name: 'auto never goes down the list',
      candidates: [live(MASTER), live(SPARE)],
      state: showing(MASTER),
      selects: stay(MASTER),
    },
    {
      name: 'auto never goes from an input to the slate, wherever the list has it',
      candidates: [live('slate'), live(MASTER), live(SPARE)],
      state: showing(SPARE),
      selects: go(MASTER, 'failback'),
    },
    {
      name: 'auto stays on the only input behind a slate',
      candidates: [live('slate'), live(MASTER)],
      state: showing(MASTER),
      selects: stay(MASTER),
    },
    ...(['manual', 'sticky'] as const).map((failback) => ({
      name: `${failback} stays on the backup until it is lost`,
      candidates: [live(MASTER), live(SPARE)],
      state: showing(SPARE),
      policy: { failback },
      selects: stay(SPARE),
    })),
    {
      name: 'manual goes down the list in its order',
      candidates: [lost(MASTER), live(SPARE, 1_000), live(SECOND, 9_000)],
      state: showing(MASTER),
      policy: { failback: 'manual' },
      selects: go(SPARE, 'lost'),
    },
    {
      name: 'sticky takes the one that arrived first, like the list of Flash Media Server',
      candidates: [lost(MASTER), live(SPARE, 1_000), live(SECOND, 9_000), live('slate')],
      state: showing(MASTER),
      policy: { failback: 'sticky' },
      selects: go(SECOND, 'lost'),
    },
    {
      name: 'a hold of 0 returns at once',
      candidates: [live(MASTER, 0), live(SPARE)],
      state: showing(SPARE),
      policy: { failbackHoldMs: 0 },
      selects: go(MASTER, 'failback'),
    },
  ]);
});

describe('the slate', () => {
  runs(
    (['auto', 'manual', 'sticky'] as const).flatMap((failback) => [
      {
        name: `is left at once for a live candidate, under ${failback}`,
        candidates: [lost(MASTER), live(SPARE, 0), live('slate')],
        state: showing('slate'),
        policy: { failback },
        selects: go(SPARE, 'failback' as const),
      },
      {
        name: `is left at once for a degraded candidate, under ${failback}`,
        candidates: [lost(MASTER), degraded(SPARE), live('slate')],
        state: showing('slate'),
        policy: { failback },
        selects: go(SPARE, 'failback' as const),
      },
    ]),
  );
  runs([
    {
      name: 'stays while nothing else can be shown',
      candidates: [lost(MASTER), lost(SPARE), live('slate')],
      state: showing('slate'),
      selects: stay('slate'),
    },
    {
      name: 'is left for a candidate that was lost over and over: shaky beats nothing',
      candidates: [candidate(MASTER, { forMs: 0, lostAgoMs: [1_000, 2_000, 3_000, 4_000] }), live('slate')],
      state: showing('slate'),
      selects: go(MASTER, 'failback'),
    },
    {
      name: 'is nothing to return to when a pin ends',
      candidates: [lost(MASTER), live(SPARE, 0), live('slate')],
      state: showing(SPARE, { returnTo: 'slate' }),
      selects: stay(SPARE),
    },
  ]);
});

describe('a degraded candidate on air', () => {
  runs([
    {
      name: 'is left for a clean one, without a hold',
      candidates: [degraded(MASTER), live(SPARE, 0), live('slate')],
      state: showing(MASTER),
      selects: go(SPARE, 'degraded'),
    },
    {
      name: 'stays where the others are degraded too',
      candidates: [degraded(MASTER), degraded(SPARE), live('slate')],
      state: showing(MASTER),
      selects: stay(MASTER),
    },
    {
      name: 'is not left for the slate',
      candidates: [degraded(MASTER), lost(SPARE), live('slate')],
      state: showing(MASTER),
      selects: stay(MASTER),
    },
    {
      name: 'is left under manual failback too',
      candidates: [degraded(MASTER), live(SPARE), live('slate')],
      state: showing(MASTER),
      policy: { failback: 'manual' },
      selects: go(SPARE, 'degraded'),
    },
  ]);
});

describe('a pin', () => {
  runs([
    {
      name: 'switches at once, whatever the order of the list',
      candidates: [live(MASTER), live(SPARE, 0)],
      state: showing(MASTER, { pin: pin(SPARE) }),
      selects: go(SPARE, 'pinned'),
    },
    {
      name: 'keeps its candidate against failback',
      candidates: [live(MASTER), live(SPARE)],
      state: showing(SPARE, { pin: pin(SPARE) }),
      selects: stay(SPARE),
    },
    {
      name: 'may be the slate',
      candidates: [live(MASTER), live('slate')],
      state: showing(MASTER, { pin: pin('slate') }),
      selects: go('slate', 'pinned'),
    },
    {
      name: 'keeps a degraded candidate',
      candidates: [live(MASTER), degraded(SPARE)],
      state: showing(SPARE, { pin: pin(SPARE) }),
      selects: stay(SPARE),
    },
    {
      name: 'whose candidate is lost does not take viewers with it',
      candidates: [live(MASTER), lost(SPARE), live(SECOND)],
      state: showing(SPARE, { pin: pin(SPARE) }),
      selects: go(MASTER, 'lost'),
    },
    {
      name: 'on a candidate that is not there changes nothing yet',
      candidates: [live(MASTER), lost(SPARE)],
      state: showing(MASTER, { pin: pin(SPARE) }),
      selects: stay(MASTER),
    },
    {
      name: 'on a name that is no candidate changes nothing',
      candidates: [live(MASTER), live(SPARE)],
      state: showing(MASTER, { pin: pin('backup/other') }),
      selects: stay(MASTER),
    },
    {
      name: 'does not get a candidate back that has only just come back',
      candidates: [live(MASTER), candidate(SPARE, { forMs: HOLD - 1, lostAgoMs: [HOLD + 500] })],
      state: showing(MASTER, { pin: pin(SPARE, { sinceMs: 60_000 }) }),
      selects: stay(MASTER),
    },
    {
      name: 'gets its candidate back once that has been clean for the hold',
      candidates: [live(MASTER), candidate(SPARE, { forMs: HOLD, lostAgoMs: [HOLD + 500] })],
      state: showing(MASTER, { pin: pin(SPARE, { sinceMs: 60_000 }) }),
      selects: go(SPARE, 'pinned'),
    },
    {
      name: 'gets its candidate back at once where else there is only the slate',
      candidates: [lost(MASTER), candidate(SPARE, { forMs: 0, lostAgoMs: [500] }), live('slate')],
      state: showing('slate', { pin: pin(SPARE, { sinceMs: 60_000 }) }),
      selects: go(SPARE, 'pinned'),
    },
    {
      name: "is immediate where the candidate's losses are older than the pin",
      candidates: [live(MASTER), candidate(SPARE, { forMs: 0, lostAgoMs: [5_000] })],
      state: showing(MASTER, { pin: pin(SPARE, { sinceMs: 1_000 }) }),
      selects: go(SPARE, 'pinned'),
    },
    {
      name: 'ends at its expiry, to the millisecond: one more',
      candidates: [live(MASTER), live(SPARE)],
      state: showing(MASTER, { pin: pin(SPARE, { forMs: 1 }) }),
      selects: go(SPARE, 'pinned'),
    },
    {
      name: 'ends at its expiry, to the millisecond: none left',
      candidates: [live(MASTER), live(SPARE)],
      state: showing(MASTER, { pin: pin(SPARE, { forMs: 0 }) }),
      selects: stay(MASTER),
    },
  ]);
});

describe('the return after a pin or a drill', () => {
  runs([
    {
      name: 'is without a hold',
      candidates: [live(MASTER, 0), live(SPARE)],
      state: showing(SPARE, { returnTo: MASTER }),
      selects: go(MASTER, 'return'),
    },
    ...(['manual', 'sticky'] as const).map((failback) => ({
      name: `happens under ${failback} failback too`,
      candidates: [live(MASTER, 0), live(SPARE)],
      state: showing(SPARE, { returnTo: MASTER }),
      policy: { failback },
      selects: go(MASTER, 'return' as const),
    })),
    {
      name: 'may go down the list',
      candidates: [candidate(MASTER, { forMs: 0 }), live(SPARE)],
      state: showing(MASTER, { returnTo: SPARE }),
      policy: { failback: 'manual' },
      selects: go(SPARE, 'return'),
    },
    {
      name: 'goes to nobody who is not clean',
      candidates: [degraded(MASTER), live(SPARE)],
      state: showing(SPARE, { returnTo: MASTER }),
      selects: stay(SPARE),
    },
    {
      name: 'is no detour where failback would leave that place at once',
      candidates: [live(MASTER), live(SPARE), live(SECOND)],
      state: showing(SECOND, { returnTo: SPARE }),
      selects: go(MASTER, 'failback'),
    },
    {
      name: 'does not leave a better candidate that is on air',
      candidates: [live(MASTER), live(SPARE)],
      state: showing(MASTER, { returnTo: SPARE }),
      selects: stay(MASTER),
    },
  ]);
});

describe('a drill', () => {
  runs([
    {
      name: 'makes a live candidate count as lost',
      candidates: [candidate(MASTER, { withheld: 'drill' }), live(SPARE), live('slate')],
      state: showing(MASTER),
      selects: go(SPARE, 'drill'),
    },
    {
      name: 'keeps failback away from its candidate',
      candidates: [candidate(MASTER, { withheld: 'drill' }), live(SPARE), live('slate')],
      state: showing(SPARE),
      selects: stay(SPARE),
    },
    {
      name: 'outweighs a pin',
      candidates: [live(MASTER), candidate(SPARE, { withheld: 'drill' })],
      state: showing(SPARE, { pin: pin(SPARE) }),
      selects: go(MASTER, 'drill'),
    },
    {
      name: 'does not make the program end on the slate where something real is left',
      candidates: [candidate(MASTER, { withheld: 'drill' }), degraded(SPARE), live('slate')],
      state: showing(MASTER),
      selects: go(SPARE, 'drill'),
    },
  ]);
});

describe('a loss that is waited for', () => {
  const wait = { onLoss: 'wait' } as const;
  const dead = candidate(SPARE, { health: 'absent' });
  runs(
    [
      {
        name: 'leaves the program where it is, whatever is live',
        candidates: [lost(MASTER), live(SPARE), live('slate')],
        state: showing(MASTER),
        selects: stay(MASTER),
      },
      {
        name: 'of a stall too',
        candidates: [lost(MASTER, 'stalled'), live(SPARE), live('slate')],
        state: showing(MASTER),
        selects: stay(MASTER),
      },
      {
        name: 'also while it is coming back',
        candidates: [lost(MASTER, 'starting'), live(SPARE), live('slate')],
        state: showing(MASTER),
        selects: stay(MASTER),
      },
      {
        name: 'brings no slate where there is nothing else',
        candidates: [lost(MASTER), lost(SPARE), live('slate')],
        state: showing(MASTER),
        selects: stay(MASTER),
      },
      {
        name: 'of a spare is no failback to a master that is clean',
        candidates: [live(MASTER), dead],
        state: showing(SPARE),
        selects: stay(SPARE),
      },
      {
        name: 'ends with a pin',
        candidates: [lost(MASTER), live(SPARE), live('slate')],
        state: showing(MASTER, { pin: pin(SPARE) }),
        selects: go(SPARE, 'pinned'),
      },
      {
        name: 'is none while a pin stands: its candidate takes no viewers with it',
        candidates: [live(MASTER), dead, live('slate')],
        state: showing(SPARE, { pin: pin(SPARE) }),
        selects: go(MASTER, 'lost'),
      },
      {
        name: 'begins again when the pin has ended',
        candidates: [live(MASTER), dead, live('slate')],
        state: showing(SPARE, { pin: pin(SPARE, { forMs: 0 }) }),
        selects: stay(SPARE),
      },
      {
        name: 'does not keep the program from going back after a pin',
        candidates: [live(MASTER, 0), live(SPARE)],
        state: showing(SPARE, { returnTo: MASTER }),
        selects: go(MASTER, 'return'),
      },
      {
        name: 'does not keep it from going back from what is lost by then',
        candidates: [live(MASTER, 0), dead],
        state: showing(SPARE, { returnTo: MASTER }),
        selects: go(MASTER, 'return'),
      },
      {
        name: 'is none where a drill plays it',
        candidates: [candidate(MASTER, { withheld: 'drill' }), live(SPARE), live('slate')],
        state: showing(MASTER),
        selects: go(SPARE, 'drill'),
      },
      {
        name: 'is none where a drill runs and the stand-in is lost',
        candidates: [candidate(MASTER, { withheld: 'drill' }), dead, live('slate')],
        state: showing(SPARE),
        selects: go('slate', 'lost'),
      },
      {
        name: 'is none where another program has taken the backup',
        candidates: [lost(MASTER), candidate(SPARE, { withheld: 'contention' }), live('slate')],
        state: showing(SPARE),
        selects: go('slate', 'contention'),
      },
      {
        name: 'is none at the start',
        candidates: [lost(MASTER), live(SPARE), live('slate')],
        state: showing(null),
        selects: go(SPARE, 'start'),
      },
      {
        name: 'does not hold the slate',
        candidates: [lost(MASTER), live(SPARE, 0), live('slate')],
        state: showing('slate'),
        selects: go(SPARE, 'failback'),
      },
      {
        name: 'is something else than one that is degraded, which is left',
        candidates: [degraded(MASTER), live(SPARE), live('slate')],
        state: showing(MASTER),
        selects: go(SPARE, 'degraded'),
      },
    ].map((one) => ({ ...one, policy: wait })),
  );
});

describe('flap damping', () => {
  const flap = { losses: 3, windowMs: 60_000, maxHoldMs: 300_000 };
  const policy: SelectorPolicy = { ...POLICY, flap };

  it.each<[name: string, lossesAgoMs: number[], holdSeconds: number]>([
    ['never lost', [], 10],
    ['lost once', [1_000], 10],
    ['lost twice', [1_000, 2_000], 10],
    ['lost three times', [1_000, 2_000, 3_000], 20],
    ['lost four times', [1_000, 2_000, 3_000, 4_000], 40],
    ['lost five times', [1_000, 2_000, 3_000, 4_000, 5_000], 80],
    ['lost eight times: capped', [1, 2, 3, 4, 5, 6, 7, 8], 300],
    ['lost sixty times: capped', Array.from({ length: 60 }, (_, index) => index * 900), 300],
    ['lost once, long after three losses', [1_000, 62_000, 63_000, 64_000], 10],
    ['lost four times, the first of them a window ago', [1_000, 2_000, 3_000, 61_000], 20],
    ['lost four times, the first of them just inside the window', [1_000, 2_000, 3_000, 60_999], 40],
  ])('%s', (_name, ago, seconds) => {
    const losses = ago.map((ms) => NOW - ms).sort((a, b) => a - b);
    expect(holdMs(losses, policy)).toBe(seconds * 1_000);
  });

  it('is never shorter than the hold without it', () => {
    const losses = Array.from({ length: 10 }, (_, index) => NOW - index);
    expect(holdMs(losses, { ...policy, failbackHoldMs: 600_000 })).toBe(600_000);
  });

  it('decides when the program returns', () => {
    const select1 = (forMs: number) =>
      select(
        [candidate(MASTER, { forMs, lostAgoMs: [forMs + 100, forMs + 1_000, forMs + 2_000] }), live(SPARE)],
        showing(SPARE),
        policy,
        NOW,
      );
    expect(select1(10_000)).toEqual(stay(SPARE));
    expect(select1(19_999)).toEqual(stay(SPARE));
    expect(select1(20_000)).toMatchObject(go(MASTER, 'failback'));
  });

  it('cuts at a keyframe that lies behind the moment by which every host has decided', () => {
    const at = (forMs: number): Selection =>
      select([live(MASTER, forMs), live(SPARE)], showing(SPARE), POLICY, NOW);
    expect(at(HOLD).cutFrom).toBe(NOW + DECISION_MARGIN_MS);
    // A host that looks later comes to the same.
    expect(at(HOLD + 49).cutFrom).toBe(NOW - 49 + DECISION_MARGIN_MS);
    const damped = [candidate(MASTER, { forMs: 25_000, lostAgoMs: [25_100, 26_000, 27_000] }), live(SPARE)];
    expect(select(damped, showing(SPARE), policy, NOW).cutFrom).toBe(NOW - 5_000 + DECISION_MARGIN_MS);
  });

  it('does not keep a candidate from being shown where the others are worse', () => {
    const flapping = candidate(MASTER, { forMs: 0, lostAgoMs: [100, 200, 300, 400] });
    expect(select([flapping, lost(SPARE), live('slate')], showing(SPARE), policy, NOW)).toEqual(
      go(MASTER, 'lost'),
    );
  });
});

// What must hold of every state that a program can get into, however odd.
const NAMES = [MASTER, SPARE, SECOND, 'master/camera2', 'slate'];
const HEALTHS: readonly Health[] = ['absent', 'starting', 'live', 'live', 'stalled', 'degraded'];

interface RandomState {
  readonly candidates: Candidate[];
  readonly state: SelectorState;
  readonly policy: SelectorPolicy;
}

function randomState(random: Random): RandomState {
  const names = NAMES.filter(() => random.chance(0.7)).sort(() => random.fraction() - 0.5);
  const candidates = names.map((name) =>
    candidate(name, {
      health: random.pick(HEALTHS),
      forMs: random.pick([0, 1, HOLD - 1, HOLD, HOLD * 2, HOLD * 100]),
      lostAgoMs: Array.from({ length: random.whole(0, 5) }, () => random.whole(0, 90_000)),
      withheld: random.chance(0.15) ? random.pick(['drill', 'contention'] as const) : null,
    }),
  );
  const anyName = (): string => random.pick(NAMES);
  return {
    candidates,
    state: {
      onAir: random.chance(0.2) ? null : anyName(),
      pin: random.chance(0.3)
        ? pin(anyName(), { sinceMs: random.whole(0, 90_000), forMs: random.pick([0, 1, 60_000]) })
        : null,
      returnTo: random.chance(0.3) ? anyName() : null,
    },
    policy: {
      onLoss: 'switch',
      failback: random.pick<FailbackPolicy>(['auto', 'manual', 'sticky']),
      failbackHoldMs: random.pick([0, HOLD]),
      flap: { losses: random.whole(1, 4), windowMs: 60_000, maxHoldMs: random.pick([0, 300_000]) },
    },
  };
}

const canShow = ({ health, withheld }: Candidate): boolean =>
  withheld === null && (health === 'live' || health === 'degraded');

describe('in every state', () => {
  const STATES = Array.from({ length: 5_000 }, (_, index) => ({
    seed: index + 1,
    ...randomState(new Random(index + 1)),
  }));

  /** Runs `check` on many states; its failure names the seed and shows the state. */
  function always(check: (given: RandomState, selection: Selection) => boolean): void {
    for (const given of STATES) {
      const selection = select(given.candidates, given.state, given.policy, NOW);
      if (!check(given, selection)) expect({ ...given, selection }).toBe('a state that is handled well');
    }
  }

  it('the selector never names a candidate that cannot be shown', () => {
    always(
      ({ candidates }, { candidate: name }) =>
        name === null || candidates.some((own) => own.name === name && canShow(own)),
    );
  });

  it('it names one wherever one can be shown', () => {
    always(({ candidates }, { candidate: name }) => (name === null) === !candidates.some(canShow));
  });

  it('there is a cause exactly where there is a change', () => {
    always(({ state }, { candidate: name, cause }) => (cause === null) === (name === state.onAir));
  });

  it('the slate is on air only where nothing else can be, or where it is pinned', () => {
    always(({ candidates, state }, { candidate: name }) => {
      const isPinned = state.pin?.candidate === 'slate' && NOW < state.pin.expiresAt;
      return name !== 'slate' || isPinned || !candidates.some((own) => own.kind !== 'slate' && canShow(own));
    });
  });

  it('one switch settles it: nothing sends viewers on from where they have just been sent', () => {
    always(({ candidates, state, policy }, { candidate: name, cause }) => {
      if (cause === null) return true;
      const after = select(candidates, { ...state, onAir: name, returnTo: null }, policy, NOW);
      return after.cause === null;
    });
  });

  it('waiting for what is lost changes nothing but that: it stays where it is', () => {
    always(({ candidates, state, policy }, selection) => {
      const waiting = select(candidates, state, { ...policy, onLoss: 'wait' }, NOW);
      const current = candidates.find(({ name }) => name === state.onAir);
      const isLost = current !== undefined && current.kind !== 'slate' && !canShow(current);
      if (JSON.stringify(waiting) === JSON.stringify(selection)) return true;
      return (
        isLost && (waiting.cause === null ? waiting.candidate === state.onAir : waiting.cause === 'return')
      );
    });
  });

  it('a live candidate on air is left only for a pin, a return or a failback', () => {
    always(({ candidates, state }, { cause }) => {
      const current = candidates.find(({ name }) => name === state.onAir);
      if (current === undefined || current.health !== 'live' || current.withheld !== null) return true;
      return cause === null || ['pinned', 'return', 'failback'].includes(cause);
    });
  });
});
