/** The state of a host as lines for people. */
import { describe, expect, it } from '@jest/globals';
import { describeSwitch } from '../../runtime/cli/drill.ts';
import { describeState } from '../../runtime/cli/status.ts';
import type { HostState } from '../../runtime/contract/control-api.ts';
import { INPUT, PROGRAM, STATE, SWITCH } from '../control/samples.ts';

function lineOf(state: HostState, start: string): string {
  return describeState(state).find((line) => line.startsWith(start)) ?? '';
}

const withProgram = (rest: Partial<typeof PROGRAM>): string =>
  lineOf({ ...STATE, programs: [{ ...PROGRAM, ...rest }] }, 'live/camera1');
const withInput = (rest: Partial<typeof INPUT>): string =>
  lineOf({ ...STATE, inputs: [{ ...INPUT, ...rest }] }, 'backup/spare');

describe('the status', () => {
  it('is the host, its programs and its inputs', () => {
    expect(describeState(STATE).map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'Understudy 0.1.0, host one, process 4711, up 1:02:03, 123 MB, RTMP 1935, HTTP 8080',
      '',
      'PROGRAM | ON AIR | FOR | VIEWERS | SKIPS | SWITCHES',
      'live/camera1 | backup/spare | 1:02:03 | 7 | 1 | 1',
      '',
      'INPUT | HEALTH | FOR | VIDEO | AUDIO | FROM',
      'backup/spare | live | 1:02:03 | avc 1920x1080 30/s 4000 kbit/s | aac 48000 Hz 2 ch | 192.0.2.1:5',
    ]);
  });

  it('leaves out a size that is not known, and names tracks beside the default ones', () => {
    const video = { ...INPUT.video, codec: 'vp9', width: 0, height: 0 } as NonNullable<typeof INPUT.video>;
    const line = withInput({ video, extraTracks: ['video 1 vp9', 'audio 1 opus'] });
    expect(line).toContain('vp9 30/s 4000 kbit/s');
    expect(line).toContain('aac 48000 Hz 2 ch + video 1 vp9 + audio 1 opus');
  });

  it('says that the host drains', () => {
    expect(describeState({ ...STATE, state: 'draining' })[0]).toContain('host one (draining), process');
  });

  it('of a program that shows nothing', () => {
    expect(withProgram({ onAir: null, onAirSince: null })).toMatch(/^live\/camera1 {2}nothing {2,}7/);
  });

  it('of a program that rests', () => {
    expect(withProgram({ onAir: null, onAirSince: null, isResting: true })).toContain(
      'nothing, until somebody plays it',
    );
  });

  it('names what goes to other hosts, and what comes from them', () => {
    const link = { input: 'backup/spare', state: 'open', since: STATE.now - 61_000, detail: '' } as const;
    const state: HostState = {
      ...STATE,
      relays: [
        { ...link, kind: 'push', host: 'one', sentBytes: 12_340_000, skips: 2 },
        { ...link, kind: 'pulled', host: '192.0.2.9:4', sentBytes: 0, skips: 0 },
        {
          ...link,
          kind: 'pull',
          input: 'master/camera2',
          host: 'two',
          state: 'lost',
          detail: 'refused',
          sentBytes: null,
          skips: null,
        },
      ],
    };
    expect(
      describeState(state)
        .slice(-4)
        .map((line) => line.replace(/ {2,}/g, ' | ')),
    ).toEqual([
      'RELAY | HOST | STATE | FOR | SENT | SKIPS',
      'backup/spare | to one | open | 1:01 | 12.3 MB | 2',
      'backup/spare | pulled by 192.0.2.9:4 | open | 1:01 | 0.0 MB | 0',
      'master/camera2 | from two | lost (refused) | 1:01',
    ]);
  });

  it('names a pin, with who and how long', () => {
    const pin = {
      source: 'slate',
      by: 'ann',
      reason: 'break',
      automatic: false,
      expiresAt: STATE.now + 90_000,
    };
    expect(withProgram({ pin })).toContain('pinned to slate by ann for 1:30 more');
  });

  it('names a drill, also one whose time is just up', () => {
    const drill = { source: 'master/camera1', by: 'eve', endsAt: STATE.now + 5_000 };
    expect(withProgram({ drill })).toContain('drill: master/camera1 plays dead for 0:05 more');
    expect(withProgram({ drill: { ...drill, endsAt: STATE.now - 20 } })).toContain('for 0:00 more');
  });

  it('names a switch that waits for a keyframe', () => {
    expect(withProgram({ pending: 'master/camera1' })).toContain('to master/camera1 at its next keyframe');
  });

  it('says what is wrong with an input', () => {
    expect(withInput({ health: 'degraded', detail: 'no audio' })).toContain('degraded (no audio)');
  });

  it('leaves out what is not known', () => {
    const line = withInput({ health: 'absent', since: null, publisher: null, video: null, audio: null });
    expect(line).toBe('backup/spare  absent');
    expect(line).not.toMatch(/null|undefined|NaN/);
  });

  it('marks figures that are not measured yet', () => {
    const video = { ...(INPUT.video as NonNullable<typeof INPUT.video>), kbps: null, frameRate: null };
    expect(withInput({ video })).toContain('1920x1080 ?/s ? kbit/s');
  });

  it('ends with the warnings of the preflight', () => {
    const state = { ...STATE, programs: [{ ...PROGRAM, warnings: ['a differs', 'b differs'] }] };
    expect(describeState(state).slice(-2)).toEqual([
      '\nlive/camera1: a differs',
      '\nlive/camera1: b differs',
    ]);
  });
});

describe('a switch in one line', () => {
  it('says what it cost', () => {
    expect(describeSwitch(SWITCH)).toBe(
      'master/camera1 ▸ backup/spare (lost, warm): gap 35 ms, hole 0/0 ms, 12 frames squeezed, 7 viewers',
    );
  });

  it('leaves open what is not known', () => {
    const record = { ...SWITCH, from: null, to: null, gapMs: null, holeMs: { video: null, audio: 0 } };
    expect(describeSwitch(record)).toMatch(/^nothing ▸ nothing .*gap - ms, hole -\/0 ms/);
  });
});
