/** What several programs that have lost their masters do with one backup. */
import { describe, expect, it } from '@jest/globals';
import { assign, type Contender, type ContentionPolicy } from '../../runtime/program/contention.ts';
import type { Candidate } from '../../runtime/program/selector.ts';
import { Random } from '../support/random.ts';
import { candidate, NOW, POLICY, showing } from './candidates.ts';

const SPARE = 'backup/spare';
const SECOND = 'backup/second';

interface ProgramOptions {
  readonly master?: 'live' | 'lost';
  readonly onAir?: string | null;
  readonly onAirForMs?: number;
  readonly backups?: readonly Candidate[];
}

/** `live/NAME`, whose master is `master/NAME`. */
function program(name: string, options: ProgramOptions = {}): Contender {
  const { master = 'lost', onAir = `master/${name}`, onAirForMs = 0 } = options;
  const { backups = [candidate(SPARE)] } = options;
  return {
    name,
    candidates: [
      candidate(`master/${name}`, master === 'live' ? {} : { health: 'absent', forMs: 0 }),
      ...backups,
      candidate('slate'),
    ],
    state: showing(onAir),
    policy: POLICY,
    onAirSince: NOW - onAirForMs,
  };
}

interface Case {
  readonly name: string;
  readonly programs: readonly Contender[];
  readonly policy: ContentionPolicy;
  readonly shows: Readonly<Record<string, string>>;
}

const twoLost = [program('a'), program('b')];
const bHasIt = [program('a'), program('b', { onAir: SPARE, onAirForMs: 5_000 })];
const bothHaveIt = [
  program('a', { onAir: SPARE, onAirForMs: 1_000 }),
  program('b', { onAir: SPARE, onAirForMs: 5_000 }),
];
const two = [candidate(SPARE), candidate(SECOND)];

const cases: Case[] = [
  { name: 'all show it', policy: 'share', programs: twoLost, shows: { a: SPARE, b: SPARE } },
  {
    name: 'all show it, whoever had it first',
    policy: 'share',
    programs: bHasIt,
    shows: { a: SPARE, b: SPARE },
  },
  {
    name: 'the first in the list has it',
    policy: 'priority',
    programs: twoLost,
    shows: { a: SPARE, b: 'slate' },
  },
  {
    name: 'the first in the list takes it from another',
    policy: 'priority',
    programs: bHasIt,
    shows: { a: SPARE, b: 'slate' },
  },
  {
    name: 'who is not in need does not have it',
    policy: 'priority',
    programs: [program('a', { master: 'live' }), program('b')],
    shows: { a: 'master/a', b: SPARE },
  },
  {
    name: 'the first in the list has it where nobody had',
    policy: 'exclusive',
    programs: twoLost,
    shows: { a: SPARE, b: 'slate' },
  },
  { name: 'who has it keeps it', policy: 'exclusive', programs: bHasIt, shows: { a: 'slate', b: SPARE } },
  {
    name: 'who has had it longer keeps it',
    policy: 'exclusive',
    programs: bothHaveIt,
    shows: { a: 'slate', b: SPARE },
  },
  {
    name: 'who goes back to its master gives it up',
    policy: 'exclusive',
    programs: [program('a'), program('b', { master: 'live', onAir: SPARE, onAirForMs: 5_000 })],
    shows: { a: SPARE, b: 'master/b' },
  },
  ...(['priority', 'exclusive'] as const).map(
    (policy): Case => ({
      name: 'each takes the next backup that is free',
      policy,
      programs: [
        program('a', { backups: two }),
        program('b', { backups: two }),
        program('c', { backups: two }),
      ],
      shows: { a: SPARE, b: SECOND, c: 'slate' },
    }),
  ),
  ...(['priority', 'exclusive'] as const).map(
    (policy): Case => ({
      name: 'one backup that is lost leaves the other to fight for',
      policy,
      programs: ['a', 'b'].map((name) =>
        program(name, { backups: [candidate(SPARE, { health: 'stalled' }), candidate(SECOND)] }),
      ),
      shows: { a: SECOND, b: 'slate' },
    }),
  ),
  {
    name: "programs with backups of their own do not get in each other's way",
    policy: 'exclusive',
    programs: [program('a', { backups: [candidate(SPARE)] }), program('b', { backups: [candidate(SECOND)] })],
    shows: { a: SPARE, b: SECOND },
  },
];

describe('contention', () => {
  it.each(cases)('$policy: $name', ({ programs, policy, shows }) => {
    const selections = assign(programs, policy, NOW);
    expect(Object.fromEntries([...selections].map(([name, { candidate: shown }]) => [name, shown]))).toEqual(
      shows,
    );
  });

  it('tells the one that loses it why', () => {
    expect(assign(bHasIt, 'priority', NOW).get('b')).toEqual({ candidate: 'slate', cause: 'contention' });
  });

  it('never takes a master or the slate away from anybody', () => {
    const shared = [candidate('master/x'), candidate('slate')];
    const programs = ['a', 'b'].map((name) => ({
      ...program(name),
      candidates: shared,
      state: showing(null),
    }));
    for (const policy of ['priority', 'exclusive'] as const) {
      const selections = assign(programs, policy, NOW);
      expect([...selections.values()].map(({ candidate: shown }) => shown)).toEqual(['master/x', 'master/x']);
    }
  });

  it('leaves a program without a slate with nothing, and lets it have the backup once that is free', () => {
    const bare = (name: string, master: 'live' | 'lost', onAir: string | null): Contender => {
      const own = program(name, { master, onAir });
      return { ...own, candidates: own.candidates.filter(({ kind }) => kind !== 'slate') };
    };
    const contended = assign([bare('a', 'lost', SPARE), bare('b', 'lost', SPARE)], 'priority', NOW);
    expect(contended.get('b')).toEqual({ candidate: null, cause: 'nothing-left' });
    const free = assign([bare('a', 'live', 'master/a'), bare('b', 'lost', null)], 'priority', NOW);
    expect(free.get('b')).toEqual({ candidate: SPARE, cause: 'start' });
  });

  it('a drill that withholds the backup stays a drill for the one that would lose it', () => {
    const drilled = [candidate(SPARE, { withheld: 'drill' })];
    const programs = [program('a'), program('b', { onAir: SPARE, backups: drilled })];
    expect(assign(programs, 'priority', NOW).get('b')).toEqual({ candidate: 'slate', cause: 'drill' });
  });

  it.each(['priority', 'exclusive'] as const)('%s never gives one backup to two programs', (policy) => {
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const random = new Random(seed);
      const health = () => random.pick(['live', 'absent', 'degraded', 'stalled'] as const);
      const backups = [candidate(SPARE, { health: health() }), candidate(SECOND, { health: health() })];
      const programs = ['a', 'b', 'c', 'd'].map((name) => ({
        ...program(name, {
          master: random.pick(['live', 'lost'] as const),
          onAir: random.pick([null, `master/${name}`, SPARE, SECOND, 'slate']),
          onAirForMs: random.whole(0, 9),
          backups,
        }),
      }));
      const shown = [...assign(programs, policy, NOW).values()]
        .map(({ candidate: name }) => name ?? '')
        .filter((name) => name.startsWith('backup/'));
      expect({ seed, shown }).toEqual({ seed, shown: [...new Set(shown)] });
    }
  });

  it.each(['share', 'priority', 'exclusive'] as const)('%s answers for every program', (policy) => {
    const programs = [program('a'), program('b', { onAir: SPARE }), program('c', { master: 'live' })];
    expect([...assign(programs, policy, NOW).keys()].sort()).toEqual(['a', 'b', 'c']);
  });
});
