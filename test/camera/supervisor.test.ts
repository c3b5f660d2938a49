import { describe, expect, it } from '@jest/globals';
import {
  BACK_OFF,
  type CameraExit,
  type CameraProcess,
  KILL_AFTER_MS,
  type SupervisedCamera,
  superviseCamera,
} from '../../runtime/camera/supervisor.ts';
import { FakeClock } from '../support/fake-clock.ts';

class FakeProcess implements CameraProcess {
  readonly pid: number;
  readonly signals: string[] = [];
  readonly ended: Promise<CameraExit>;
  die: (exit: CameraExit) => void = () => {};

  constructor(pid: number) {
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      this.die = resolve;
    });
  }

  kill(signal: string): void {
    this.signals.push(signal);
  }
}

interface Stage {
  readonly clock: FakeClock;
  readonly started: FakeProcess[];
  readonly lines: string[];
  readonly camera: SupervisedCamera;
  latest(): FakeProcess;
}

function setUp(): Stage {
  const clock = new FakeClock();
  const started: FakeProcess[] = [];
  const lines: string[] = [];
  const say = (fields: object, text: string): number => lines.push(`${text} ${JSON.stringify(fields)}`);
  const camera = superviseCamera({
    input: 'master/camera1',
    clock,
    random: () => 0,
    log: { info: say, warn: say },
    start: () => {
      const child = new FakeProcess(100 + started.length);
      started.push(child);
      return child;
    },
  });
  return { clock, started, lines, camera, latest: () => started.at(-1)! };
}

/** Promises that have resolved get their turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function die({ latest }: Stage, exit: CameraExit = { code: 3, signal: null }): Promise<void> {
  latest().die(exit);
  await turn();
}

describe('the supervisor of a camera', () => {
  it('starts the process again after the back-off, and says in one line why and when', async () => {
    const stage = setUp();
    const { camera, clock, started, lines } = stage;
    expect(camera.pid).toBe(100);
    await die(stage, { code: null, signal: 'SIGKILL' });
    expect(camera.pid).toBeUndefined();
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/ended .*"exitCode":null,"signal":"SIGKILL","againInMs":1000/),
    ]);
    clock.advance(BACK_OFF.firstMs - 1);
    expect(started).toHaveLength(1);
    clock.advance(1);
    expect(started).toHaveLength(2);
    expect(camera.pid).toBe(101);
  });

  it('waits longer with each failure, and begins anew after a run that was well', async () => {
    const stage = setUp();
    await die(stage);
    stage.clock.advance(1_000);
    await die(stage);
    stage.clock.advance(1_999);
    expect(stage.started).toHaveLength(2);
    stage.clock.advance(1);
    expect(stage.started).toHaveLength(3);
    stage.clock.advance(BACK_OFF.goodMs);
    await die(stage);
    stage.clock.advance(1_000);
    expect(stage.started).toHaveLength(4);
  });

  it('stops with SIGTERM, and kills what does not go', async () => {
    const { camera, clock, started, latest } = setUp();
    let isStopped = false;
    const stopped = camera.stop().then(() => {
      isStopped = true;
    });
    expect(latest().signals).toEqual(['SIGTERM']);
    clock.advance(KILL_AFTER_MS);
    await turn();
    expect({ isStopped, signals: latest().signals }).toEqual({
      isStopped: false,
      signals: ['SIGTERM', 'SIGKILL'],
    });
    latest().die({ code: null, signal: 'SIGKILL' });
    await stopped;
    clock.advance(60_000);
    expect(started).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not start again once it is stopped, also between two runs', async () => {
    const stage = setUp();
    await die(stage);
    await stage.camera.stop();
    stage.clock.advance(60_000);
    expect(stage.started).toHaveLength(1);
    expect(stage.clock.pendingTimers).toBe(0);
  });
});
