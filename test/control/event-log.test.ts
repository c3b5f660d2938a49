/** The last events of a host: numbered, bounded, and there for streams that resume. */
import { describe, expect, it } from '@jest/globals';
import type { HostEvent } from '../../runtime/contract/control-api.ts';
import { EventLog } from '../../runtime/control/event-log.ts';

const drill = (at: number): HostEvent => ({ type: 'drill', at, program: 'camera1', phase: 'began' });

function filled(count: number): EventLog {
  const log = new EventLog();
  for (let at = 1; at <= count; at += 1) log.add(drill(at));
  return log;
}

const ids = (log: EventLog, after: number): number[] => log.after(after).map(({ id }) => id);

describe('the event log', () => {
  it('numbers events from 1', () => {
    expect(filled(3).after(0)).toEqual([
      { id: 1, event: drill(1) },
      { id: 2, event: drill(2) },
      { id: 3, event: drill(3) },
    ]);
  });

  it.each<[after: number, ids: number[]]>([
    [0, [1, 2, 3]],
    [1, [2, 3]],
    [3, []],
    // A number that has not been given yet is of another run of the host: none of this was seen.
    [4, [1, 2, 3]],
    [99, [1, 2, 3]],
  ])('holds what came after %i: %j', (after, expected) => {
    expect(ids(filled(3), after)).toEqual(expected);
  });

  it('is bounded: the oldest go', () => {
    const held = ids(filled(5_000), 0);
    expect(held.length).toBeLessThanOrEqual(1_000);
    expect([held.at(0), held.at(-1)]).toEqual([5_000 - held.length + 1, 5_000]);
  });

  it('tells subscribers, until they leave', () => {
    const log = filled(2);
    const heard: number[] = [];
    const stop = log.subscribe(({ id }) => heard.push(id));
    log.add(drill(3));
    stop();
    stop();
    log.add(drill(4));
    expect(heard).toEqual([3]);
  });

  it('lets a subscriber leave while it is told', () => {
    const log = new EventLog();
    const heard: string[] = [];
    const stop = log.subscribe(() => {
      heard.push('first');
      stop();
    });
    log.subscribe(() => heard.push('second'));
    log.add(drill(1));
    log.add(drill(2));
    expect(heard).toEqual(['first', 'second', 'second']);
  });
});
