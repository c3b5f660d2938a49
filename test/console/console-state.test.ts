import { describe, expect, it } from '@jest/globals';
import {
  AWAY_AFTER_MS,
  type ConsoleAction,
  type ConsoleState,
  hostNow,
  MAX_SWITCHES,
  reduce,
  START,
} from '../../runtime/console/model/console-state.ts';
import { hostState, inputState, NOW, programState, switchEvent } from './states.ts';

/** The browser's clock is an hour behind the host's. */
const BROWSER = NOW - 3_600_000;
const stateAt = (at: number, over = {}): ConsoleAction => ({ type: 'state', state: hostState(over), at });
const known = (...actions: readonly ConsoleAction[]): ConsoleState => actions.reduce(reduce, START);

describe('what the console knows', () => {
  it("tells the host's time by the browser's clock", () => {
    const state = known(stateAt(BROWSER));
    expect(hostNow(state, BROWSER + 5_000)).toBe(NOW + 5_000);
  });

  it('calls a host away once it has been silent for long enough, and back with its next answer', () => {
    const seen = known(stateAt(BROWSER));
    const slow = reduce(seen, { type: 'silence', at: BROWSER + AWAY_AFTER_MS - 1 });
    expect(slow.awaySince).toBeNull();
    const away = reduce(slow, { type: 'silence', at: BROWSER + AWAY_AFTER_MS });
    expect(away.awaySince).toBe(BROWSER);
    expect(reduce(away, { type: 'silence', at: BROWSER + 60_000 }).awaySince).toBe(BROWSER);
    expect(away.host).toBe(seen.host);
    expect(reduce(away, stateAt(BROWSER + 61_000)).awaySince).toBeNull();
  });

  it('calls a host away at once that has never answered', () => {
    expect(known({ type: 'silence', at: BROWSER }).awaySince).toBe(BROWSER);
  });

  it('keeps each switch once, in order, whichever way it came', () => {
    const [first, second, third] = [1, 2, 3].map((id) => switchEvent({ id })) as [
      ReturnType<typeof switchEvent>,
      ReturnType<typeof switchEvent>,
      ReturnType<typeof switchEvent>,
    ];
    const state = known(
      stateAt(BROWSER, { programs: [programState({ lastSwitch: second })] }),
      { type: 'event', event: { type: 'switch', ...third } },
      { type: 'switches', switches: [first, second, third] },
    );
    expect(state.switches).toEqual({ camera1: [first, second, third] });
  });

  it('keeps the last switches only', () => {
    const switches = Array.from({ length: MAX_SWITCHES + 5 }, (_, id) => switchEvent({ id }));
    expect(known({ type: 'switches', switches }).switches.camera1?.map(({ id }) => id)).toEqual(
      Array.from({ length: MAX_SWITCHES }, (_, i) => i + 5),
    );
  });

  it('forgets the switches of a host that has started anew, whose numbers begin again', () => {
    const before = known(stateAt(BROWSER), { type: 'switches', switches: [switchEvent()] });
    expect(reduce(before, stateAt(BROWSER + 1_000)).switches.camera1).toHaveLength(1);
    expect(reduce(before, stateAt(BROWSER + 1_000, { pid: 2 })).switches).toEqual({});
  });

  it('shows a change of health at once, in the input and in the programs that list it', () => {
    const lost = { type: 'health', input: 'master/camera1', health: 'absent', previous: 'live' } as const;
    const state = known(stateAt(BROWSER), {
      type: 'event',
      event: { ...lost, at: NOW + 200, detail: 'gone' },
    });
    expect(state.host?.inputs[0]).toMatchObject({ health: 'absent', detail: 'gone', since: NOW + 200 });
    expect(state.host?.programs[0]?.candidates[0]).toEqual({ name: 'master/camera1', health: 'absent' });
    expect(state.host?.inputs[1]).toEqual(inputState('backup/spare'));
  });

  it('is not led back by an event from before the state that it has', () => {
    const late = { type: 'health', input: 'master/camera1', health: 'absent', previous: 'live' } as const;
    const state = known(stateAt(BROWSER), { type: 'event', event: { ...late, at: NOW - 1, detail: '' } });
    expect(state.host?.inputs[0]?.health).toBe('live');
  });

  it('shows what the preflight finds at once', () => {
    const event = { type: 'preflight', at: NOW, program: 'camera1', warnings: ['they differ'] } as const;
    expect(known(stateAt(BROWSER), { type: 'event', event }).host?.programs[0]?.warnings).toEqual([
      'they differ',
    ]);
  });

  it('carries the history on with every state', () => {
    const history = { intervalMs: 1_000, end: NOW - 1_000, inputs: {} };
    const state = known({ type: 'history', history }, stateAt(BROWSER));
    expect(state.history?.end).toBe(NOW);
    expect(state.history?.inputs['master/camera1']).toEqual({ kbps: [2_128], frameRate: [30] });
  });

  it('remembers the version that it came from', () => {
    const state = known(stateAt(BROWSER), stateAt(BROWSER + 1_000, { version: '2.0.0' }));
    expect(state.pageVersion).toBe('1.0.0');
  });
});
