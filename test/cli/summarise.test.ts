/** What `understudy status --brief` makes of a host's state. */
import { describe, expect, it } from '@jest/globals';
import { summarise } from '../../runtime/cli/summarise.ts';
import type { ProgramState, SwitchEvent } from '../../runtime/contract/control-api.ts';
import { hostSummarySchema, type ProgramSummary } from '../../runtime/contract/host-summary.ts';
import { PROGRAM, STATE, SWITCH } from '../control/samples.ts';
import { EPOCH } from '../support/fake-clock.ts';

function programOf(changes: Partial<ProgramState>): ProgramSummary | undefined {
  return summarise({ ...STATE, programs: [{ ...PROGRAM, ...changes }] }).programs[0];
}

describe('the summary of a host', () => {
  it('is what the contract says, and nothing else', () => {
    const summary = summarise(STATE);
    expect(hostSummarySchema.parse(summary)).toEqual(summary);
    expect(summary).toEqual({
      version: 1,
      host: 'one',
      state: 'serving',
      now: STATE.now,
      programs: [
        {
          name: 'camera1',
          resting: false,
          onAir: 'backup/spare',
          health: { 'master/camera1': 'absent', 'backup/spare': 'live' },
          pin: null,
          drill: null,
          viewers: 7,
          lastSwitch: {
            at: SWITCH.decidedAt,
            from: 'master/camera1',
            to: 'backup/spare',
            cause: 'lost',
            holeMs: 0,
          },
          warnings: 0,
        },
      ],
    });
  });

  it.each<[name: string, holeMs: SwitchEvent['holeMs'], worse: number | null]>([
    ['the worse of two', { video: 3, audio: 40 }, 40],
    ['the one that there is', { video: 3, audio: null }, 3],
    ['none', { video: null, audio: null }, null],
  ])('has of the holes %s', (_name, holeMs, worse) => {
    expect(programOf({ lastSwitch: { ...SWITCH, holeMs } })?.lastSwitch?.holeMs).toBe(worse);
  });

  it('has times in whole ms', () => {
    const lastSwitch = { ...SWITCH, decidedAt: EPOCH + 0.75 };
    expect(programOf({ lastSwitch })?.lastSwitch?.at).toBe(EPOCH + 1);
  });

  it('has pins and drills, with who asked, and the number of warnings', () => {
    const pin = { source: 'slate', by: 'ann', reason: 'cable', automatic: false, expiresAt: EPOCH };
    const drill = { source: 'master/camera1', by: 'eve', endsAt: EPOCH };
    expect(programOf({ pin, drill, lastSwitch: null, warnings: ['a', 'b'] })).toMatchObject({
      pin,
      drill,
      lastSwitch: null,
      warnings: 2,
    });
  });
});
