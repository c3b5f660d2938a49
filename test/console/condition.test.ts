import { describe, expect, it } from '@jest/globals';
import { conditionOf, overviewOf, type Tone, toneOnAir } from '../../runtime/console/model/condition.ts';
import type { InputState, ProgramState } from '../../runtime/contract/control-api.ts';
import { NOW, programState } from './states.ts';

const healthy = (master: InputState['health'], spare: InputState['health']): Partial<ProgramState> => ({
  candidates: [
    { name: 'master/camera1', health: master },
    { name: 'backup/spare', health: spare },
    { name: 'slate', health: 'live' },
  ],
});
const pin = { source: 'slate', by: 'Mira', reason: '', automatic: false, expiresAt: NOW + 1 };

const cases: ReadonlyArray<{ name: string; over: Partial<ProgramState>; tone: Tone; text: string }> = [
  { name: 'all live', over: {}, tone: 'good', text: 'backup/spare stands by' },
  { name: 'nobody plays', over: { isResting: true, onAir: null }, tone: 'idle', text: 'Nobody plays it' },
  { name: 'off air', over: { onAir: null }, tone: 'hand', text: 'Off air: there is nothing to show' },
  {
    name: 'slate',
    over: { onAir: 'slate', ...healthy('absent', 'absent') },
    tone: 'hand',
    text: 'Viewers see the slate',
  },
  {
    name: 'slate as pinned',
    over: { onAir: 'slate', pin },
    tone: 'watch',
    text: 'Viewers see the slate, as pinned',
  },
  {
    name: 'on air and lost (failover.onLoss is wait)',
    over: healthy('stalled', 'live'),
    tone: 'hand',
    text: 'master/camera1 is stalled: viewers get nothing new',
  },
  {
    name: 'master lost, spare on air',
    over: { onAir: 'backup/spare', ...healthy('absent', 'live') },
    tone: 'hand',
    text: 'No stand-in is left: master/camera1 is absent',
  },
  {
    name: 'spare lost',
    over: healthy('live', 'absent'),
    tone: 'hand',
    text: 'No stand-in is left: backup/spare is absent',
  },
  { name: 'degraded', over: healthy('degraded', 'live'), tone: 'watch', text: 'master/camera1 is degraded' },
  {
    name: 'before failback',
    over: { onAir: 'backup/spare' },
    tone: 'watch',
    text: 'master/camera1 is live again',
  },
  {
    name: 'pinned away',
    over: { onAir: 'backup/spare', pin: { ...pin, source: 'backup/spare' } },
    tone: 'watch',
    text: 'Pinned away from master/camera1',
  },
  {
    name: 'pinned',
    over: { pin: { ...pin, source: 'master/camera1' } },
    tone: 'watch',
    text: 'Pinned to master/camera1',
  },
  {
    name: 'in a drill, which is asked for',
    over: {
      onAir: 'backup/spare',
      drill: { source: 'master/camera1', by: 'Mira', endsAt: NOW },
      ...healthy('absent', 'live'),
    },
    tone: 'watch',
    text: 'A drill is running',
  },
  {
    name: 'warned of',
    over: { warnings: ['they differ'] },
    tone: 'watch',
    text: 'The stand-in differs: viewers may notice a failover',
  },
  {
    name: 'alone by configuration',
    over: { candidates: [{ name: 'master/camera1', health: 'live' }] },
    tone: 'good',
    text: 'On air',
  },
];

describe('the condition of a program', () => {
  for (const { name, over, tone, text } of cases) {
    it(name, () => {
      expect(conditionOf(programState(over))).toEqual({ tone, text });
    });
  }

  it('tells one of two stand-ins that is lost from the last one', () => {
    const three = [
      { name: 'master/camera1', health: 'live' },
      { name: 'backup/a', health: 'absent' },
      { name: 'backup/b', health: 'live' },
    ] as const;
    expect(conditionOf(programState({ candidates: three }))).toEqual({
      tone: 'watch',
      text: 'backup/a is absent',
    });
  });
});

describe('what is on air', () => {
  it('has the tone of what viewers see, whatever may come', () => {
    const toneOf = (over: Partial<ProgramState>): Tone => toneOnAir(programState(over));
    expect(toneOf(healthy('live', 'absent'))).toBe('good');
    expect(toneOf({ onAir: 'backup/spare' })).toBe('watch');
    expect(toneOf({ onAir: 'slate' })).toBe('hand');
    expect(toneOf({ onAir: null })).toBe('hand');
    expect(toneOf({ onAir: null, isResting: true })).toBe('idle');
  });
});

describe('the overview', () => {
  const of = (...tones: readonly Tone[]): string =>
    overviewOf(tones.map((tone) => ({ tone, text: '' }))).text;
  it('counts what is worst', () => {
    expect(of('good', 'good', 'idle')).toBe('All 3 programs are well');
    expect(of('good')).toBe('All is well');
    expect(of('good', 'watch', 'hand')).toBe('1 of 3 programs needs a hand');
    expect(of('hand', 'hand')).toBe('2 of 2 programs need a hand');
    expect(of('good', 'watch')).toBe('1 of 2 programs to watch');
    expect(of('idle', 'idle')).toBe('All programs rest');
  });
});
