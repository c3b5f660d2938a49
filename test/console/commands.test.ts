import { describe, expect, it } from '@jest/globals';
import { drillRequestOf, releaseRequestOf, switchRequestOf } from '../../runtime/console/model/commands.ts';
import { ofDrill, ofRelease, ofSwitch, standInOf } from '../../runtime/console/model/consequences.ts';
import { drillRequest, releaseRequest, switchRequest } from '../../runtime/contract/control-api.ts';
import { NOW, programState } from './states.ts';

const asked = { by: ' Mira ', reason: ' cable swap ', hostNow: NOW + 0.4 };

describe('commands', () => {
  it("carry the host's time: number, end of the pin, and until when they are worth something", () => {
    expect(switchRequestOf(asked, 'backup/spare', 3_600_000)).toEqual({
      source: 'backup/spare',
      by: 'Mira',
      reason: 'cable swap',
      notAfter: NOW + 10_000,
      sequence: NOW,
      expiresAt: NOW + 3_600_000,
    });
  });

  it('are what the control API takes, whatever was typed', () => {
    const typed = { by: ' ', reason: 'x'.repeat(1_000), hostNow: NOW + 0.7 };
    expect(switchRequest.parse(switchRequestOf(typed, 'slate', 600_000)).by).toBe('console');
    expect(releaseRequest.safeParse(releaseRequestOf(typed)).success).toBe(true);
    expect(drillRequest.safeParse(drillRequestOf(typed, 'stall', 60_000)).success).toBe(true);
    expect(releaseRequest.safeParse(releaseRequestOf({ ...typed, by: 'y'.repeat(1_000) })).success).toBe(
      true,
    );
  });
});

describe('what a command will do', () => {
  const program = programState();

  it('names both sources, the viewers and the pin', () => {
    const { title, text, caution, confirm } = ofSwitch(program, 'backup/spare', 3_600_000);
    expect(title).toBe('Switch camera1 to backup/spare?');
    expect(text[0]).toBe('camera1 goes from master/camera1 to backup/spare for 312 viewers; pinned for 1 h.');
    expect(caution).toBeNull();
    expect(confirm).toBe('Switch to backup/spare');
  });

  it('warns of a slate, and of a source that cannot be shown', () => {
    expect(ofSwitch(program, 'slate', 600_000).caution).toContain('slate');
    const lost = programState({
      candidates: [
        { name: 'master/camera1', health: 'live' },
        { name: 'backup/spare', health: 'absent' },
      ],
    });
    expect(ofSwitch(lost, 'backup/spare', 600_000).caution).toBe(
      'backup/spare is absent: nothing changes now; it takes over once it is live.',
    );
  });

  it('calls a pin of what is on air one', () => {
    expect(ofSwitch(program, 'master/camera1', 600_000)).toMatchObject({
      title: 'Keep camera1 on master/camera1?',
      confirm: 'Pin master/camera1',
    });
  });

  it('says what a release ends, and where it may lead', () => {
    const pin = { source: 'backup/spare', by: 'Mira', reason: '', automatic: false, expiresAt: NOW };
    expect(ofRelease(programState({ onAir: 'backup/spare', pin })).text).toEqual([
      'This ends the pin to backup/spare by Mira.',
      'The host decides again: camera1 may go from backup/spare to master/camera1 at its next keyframe, for 312 viewers.',
    ]);
  });

  it('says who takes over in a drill, and when the host will refuse it', () => {
    const drill = ofDrill(programState({ viewers: 1 }), 'unpublish', 10_000);
    expect(drill.text).toEqual([
      'master/camera1 plays dead for 10 s, as if its encoder left.',
      '1 viewer goes to backup/spare, and back afterwards. The encoder itself notices nothing.',
    ]);
    const alone = programState({ candidates: [{ name: 'master/camera1', health: 'live' }] });
    expect(standInOf(alone)).toBeNull();
    expect(ofDrill(alone, 'stall', 10_000).caution).toContain('refuse');
  });
});
