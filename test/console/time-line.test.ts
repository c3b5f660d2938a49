import { describe, expect, it } from '@jest/globals';
import { segmentsOf, timeLineOf } from '../../runtime/console/model/time-line.ts';
import type { SwitchEvent } from '../../runtime/contract/control-api.ts';
import { NOW, programState, switchEvent } from './states.ts';

const causeOf = (over: Partial<SwitchEvent>): string | undefined => timeLineOf([switchEvent(over)])[0]?.cause;
const holeOf = (video: number | null, audio: number | null): string | undefined =>
  timeLineOf([switchEvent({ holeMs: { video, audio } })])[0]?.hole;

describe('the time line', () => {
  it('has the newest switch first, with what viewers missed', () => {
    const entries = timeLineOf([switchEvent({ id: 1 }), switchEvent({ id: 2, viewers: 1 })]);
    expect(entries.map(({ id }) => id)).toEqual([2, 1]);
    expect(entries[1]).toEqual({
      id: 1,
      at: NOW + 530,
      from: 'master/camera1',
      to: 'backup/spare',
      cause: 'stalled: no new media for 530 ms',
      hole: 'hole 33 ms',
      measures:
        'warm cut; hole in pictures 33 ms, in sound 21 ms; delivery stood still for 531 ms; 16 frames squeezed',
      viewers: '312 viewers',
    });
    expect(entries[0]?.viewers).toBe('1 viewer');
  });

  it('says why in plain words', () => {
    expect(causeOf({ cause: 'lost', detail: 'master/camera1 absent' })).toBe('absent');
    expect(causeOf({ cause: 'lost', detail: '' })).toBe('lost');
    expect(causeOf({ cause: 'start', detail: '', from: null })).toBe('came on air');
    expect(causeOf({ cause: 'failback', detail: '' })).toBe('failback');
    expect(causeOf({ cause: 'pinned', by: 'Mira', detail: 'cable swap' })).toBe('pinned by Mira: cable swap');
    expect(causeOf({ cause: 'drill', by: 'Mira', detail: '' })).toBe('drill by Mira');
    expect(causeOf({ cause: 'return', by: 'Mira', detail: 'end of the drill' })).toBe(
      'back by Mira: end of the drill',
    );
    expect(causeOf({ cause: 'contention', from: 'backup/spare', detail: '' })).toBe(
      'another program has backup/spare',
    );
    expect(causeOf({ cause: 'nothing-left', to: null, detail: '' })).toBe('nothing is left to show');
    expect(causeOf({ cause: 'of tomorrow', detail: 'new' })).toBe('of tomorrow: new');
  });

  it('gives the worse of the holes', () => {
    expect(holeOf(0, 0)).toBe('no hole');
    expect(holeOf(0, 21.4)).toBe('hole 21 ms');
    expect(holeOf(null, 21)).toBe('hole 21 ms');
    expect(holeOf(9_999, 0)).toBe('hole 9999 ms');
    expect(holeOf(33_917, 0)).toBe('hole 33.9 s');
    expect(holeOf(null, null)).toBe('hole not measured');
    expect(timeLineOf([switchEvent({ to: null })])[0]?.hole).toBe('off air');
  });
});

describe('the strip', () => {
  const program = programState();
  const at = (decidedAt: number, from: string | null, to: string | null): SwitchEvent =>
    switchEvent({ decidedAt, from, to });

  it('is one piece where nothing happened', () => {
    expect(segmentsOf(program, [at(NOW - 500, 'a', 'b')], NOW, NOW + 100)).toEqual([
      { source: 'master/camera1', left: 0, width: 1, rank: 'first' },
    ]);
  });

  it('is cut at every switch', () => {
    const switches = [
      at(NOW + 25, null, 'slate'),
      at(NOW + 50, 'slate', 'backup/spare'),
      at(NOW + 75, 'backup/spare', 'master/camera1'),
    ];
    expect(segmentsOf(program, switches, NOW, NOW + 100)).toEqual([
      { source: null, left: 0, width: 0.25, rank: 'none' },
      { source: 'slate', left: 0.25, width: 0.25, rank: 'slate' },
      { source: 'backup/spare', left: 0.5, width: 0.25, rank: 'other' },
      { source: 'master/camera1', left: 0.75, width: 0.25, rank: 'first' },
    ]);
  });
});
