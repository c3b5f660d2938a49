/** What is pulled follows who plays: each input once, with a linger, and nothing after the end. */
import { describe, expect, it } from '@jest/globals';
import { Demand, type DemandingProgram } from '../../runtime/relay/demand.ts';
import { FakeClock } from '../support/fake-clock.ts';

const LINGER_MS = 30_000;
const CAMERA1: DemandingProgram = { name: 'camera1', inputs: ['master/camera1', 'backup/spare'] };
const CAMERA2: DemandingProgram = { name: 'camera2', inputs: ['master/camera2', 'backup/spare'] };

function setUp() {
  const clock = new FakeClock();
  const log: string[] = [];
  const demand = new Demand({
    clock,
    lingerMs: LINGER_MS,
    programs: [CAMERA1, CAMERA2],
    pull: (input) => {
      log.push(`pull ${input}`);
      return () => log.push(`end ${input}`);
    },
    wake: (program) => log.push(`wake ${program}`),
    rest: (program) => log.push(`rest ${program}`),
  });
  return { clock, demand, log, news: () => log.splice(0) };
}

const PULLED = ['wake camera1', 'pull master/camera1', 'pull backup/spare'];
// The program first: the end of its inputs is no loss.
const ENDED = ['rest camera1', 'end master/camera1', 'end backup/spare'];

describe('demand', () => {
  it('pulls nothing before anybody plays, and then what the program needs, once', () => {
    const { demand, news } = setUp();
    expect(news()).toEqual([]);
    demand.viewers('camera1', 1);
    expect(news()).toEqual(PULLED);
    demand.viewers('camera1', 2);
    demand.viewers('camera1', 1);
    expect(news()).toEqual([]);
  });

  it('lingers behind the last viewer, and then ends', () => {
    const { clock, demand, news } = setUp();
    demand.viewers('camera1', 1);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS - 1);
    expect(news()).toEqual(PULLED);
    clock.advance(1);
    expect(news()).toEqual(ENDED);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on where a viewer comes while it lingers, and lingers anew behind that one', () => {
    const { clock, demand, news } = setUp();
    demand.viewers('camera1', 1);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS - 1);
    demand.viewers('camera1', 1);
    clock.advance(10 * LINGER_MS);
    expect(news()).toEqual(PULLED);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS - 1);
    expect(news()).toEqual([]);
    clock.advance(1);
    expect(news()).toEqual(ENDED);
  });

  it('does not count the linger anew where it is told twice that nobody plays', () => {
    const { clock, demand, news } = setUp();
    demand.viewers('camera1', 1);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS / 2);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS / 2);
    expect(news()).toEqual([...PULLED, ...ENDED]);
  });

  it('pulls an input once for two programs, until neither needs it', () => {
    const { clock, demand, news } = setUp();
    demand.viewers('camera1', 1);
    news();
    demand.viewers('camera2', 3);
    expect(news()).toEqual(['wake camera2', 'pull master/camera2']);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS);
    expect(news()).toEqual(['rest camera1', 'end master/camera1']);
    demand.viewers('camera2', 0);
    clock.advance(LINGER_MS);
    expect(news()).toEqual(['rest camera2', 'end master/camera2', 'end backup/spare']);
  });

  it('begins anew with a viewer after it has ended', () => {
    const { clock, demand, news } = setUp();
    demand.viewers('camera1', 1);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS);
    news();
    demand.viewers('camera1', 1);
    expect(news()).toEqual(PULLED);
  });

  it('knows nothing of programs that need no pulls, nor of a last viewer without a first', () => {
    const { clock, demand, news } = setUp();
    demand.viewers('local', 5);
    demand.viewers('local', 0);
    demand.viewers('camera1', 0);
    clock.advance(LINGER_MS);
    expect(news()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps a program served without viewers where it is told to', () => {
    const { clock, demand, news } = setUp();
    demand.serve(CAMERA1);
    clock.advance(10 * LINGER_MS);
    expect(news()).toEqual(PULLED);
  });

  it('ends all pulls where the host stops, whatever lingers, and begins none for viewers who leave one by one', () => {
    const { clock, demand, news } = setUp();
    demand.viewers('camera1', 3);
    demand.viewers('camera2', 1);
    demand.viewers('camera2', 0);
    news();
    demand.stop();
    expect(news().toSorted()).toEqual(['end backup/spare', 'end master/camera1', 'end master/camera2']);
    for (const viewers of [2, 1, 0]) demand.viewers('camera1', viewers);
    clock.advance(LINGER_MS);
    expect(news()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
