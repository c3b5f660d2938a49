import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MessageType } from '../../runtime/rtmp/wire.ts';
import { connectRaw, type RawPeer } from '../rtmp/raw-peer.ts';
import { Audience, type ViewerSight } from '../support/audience.ts';
import { startTestHost, type TestHost } from '../support/e2e-host.ts';
import { until } from '../support/until.ts';

// Viewers by RTMP and HTTP-FLV whose sockets are with worker processes, while the program's source changes and workers die.

const TEST_MS = 120_000;
const PATIENCE_MS = 30_000;
const CLIPS = join(import.meta.dirname, '../../runtime/clips');
const EACH = 6;
/** As many as prove that they go on coming. */
const PICTURES = 120;

describe('viewers on workers', () => {
  let test: TestHost;
  let master: Audience;
  const encoders = new Audience();
  const viewers = new Audience();

  const shows = (source: string): Promise<unknown> =>
    until(
      `camera1 shows ${source}`,
      () => test.host.control.programState('camera1')?.onAir === source,
      PATIENCE_MS,
    );
  const publishMaster = async (): Promise<void> => {
    master = new Audience();
    await master.publish(join(CLIPS, 'camera1.flv'), test.publishUrl('master/camera1'));
  };
  const addViewers = async (): Promise<void> => {
    const urls = Array.from({ length: EACH }, () => [test.rtmpUrl('camera1'), test.flvUrl('camera1')]).flat();
    await Promise.all(urls.map((url) => viewers.play(url)));
  };
  const carried = (): number => test.host.workers.reduce((sum, worker) => sum + worker.viewers, 0);
  const ended = (sights: readonly ViewerSight[]): ViewerSight[] =>
    sights.filter(({ breaches }) => breaches.some((breach) => breach.startsWith('ended')));
  const workersAreTwo = (): Promise<unknown> =>
    until('there are two workers', () => test.host.workers.length === 2, PATIENCE_MS);

  beforeAll(async () => {
    test = await startTestHost({
      masters: [{ name: 'camera1' }],
      backups: [{ name: 'spare' }],
      slate: false,
      failover: { failbackHoldMs: 1_000 },
      viewers: { workers: 2, stuckTimeoutMs: 1_000 },
    });
    await encoders.publish(join(CLIPS, 'spare.flv'), test.publishUrl('backup/spare'));
    await publishMaster();
    await shows('master/camera1');
    await workersAreTwo();
    await addViewers();
  }, TEST_MS);

  afterAll(async () => {
    await test.host.stop('the test is over');
    await Promise.all([encoders, viewers, master].map((audience) => audience.stop()));
  }, TEST_MS);

  it('are spread evenly, and none is left in the host', () => {
    expect(test.host.workers.map((worker) => worker.viewers)).toEqual([EACH, EACH]);
    expect(test.host.viewers).toBe(2 * EACH);
  });

  it.each([
    { name: 'at once: it stays with the host', isAtOnce: true, ofHost: 2 },
    { name: 'when the first is with a worker: the host sends it', isAtOnce: false, ofHost: 1 },
  ])(
    'get two streams on one connection, both $name',
    async ({ isAtOnce, ofHost }) => {
      const peer = await connectRaw(Number(new URL(test.rtmpUrl('camera1')).port));
      peer.command(0, 'connect', 1, { app: 'live', tcUrl: test.rtmpUrl('') });
      const play = (streamId: number): void => {
        peer.command(0, 'createStream', 1 + streamId, null);
        peer.command(streamId, 'play', 0, null, 'camera1');
      };
      play(1);
      if (!isAtOnce) await until('it is carried', () => carried() === 2 * EACH + 1, PATIENCE_MS);
      play(2);
      await until(
        'pictures come on both',
        () => [1, 2].every((id) => pictures(peer, id) > PICTURES),
        PATIENCE_MS,
      );
      expect(test.host.viewers - carried()).toBe(ofHost);
      expect(peer.isClosed).toBe(false);
      peer.socket.destroy();
      await until('it is gone', () => test.host.viewers === 2 * EACH, PATIENCE_MS);
    },
    TEST_MS,
  );

  it(
    'see nothing of a failover and of the way back but its splices',
    async () => {
      await viewers.look();
      await master.stop();
      await shows('backup/spare');
      await publishMaster();
      await shows('master/camera1');
      const seen = Array.from({ length: 2 * EACH }, (): string[] => []);
      await until(
        'all have seen both switches',
        async () => {
          const sights = await viewers.look();
          for (const [index, { breaches }] of sights.entries()) {
            // Looks may follow each other faster than frames do.
            seen[index]?.push(...breaches.filter((breach) => breach !== 'no media arrived'));
          }
          return seen.every((breaches) => switchesIn(breaches) === 2);
        },
        PATIENCE_MS,
      );
      expect(seen.flat().filter((breach) => !breach.endsWith(' switches'))).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'are lost with their worker and no others are; another worker takes its place',
    async () => {
      const [first] = test.host.workers;
      await viewers.look();
      process.kill(first?.pid ?? 0, 'SIGKILL');
      await until('its viewers are gone', () => test.host.viewers === EACH, PATIENCE_MS);
      await workersAreTwo();
      const sights = await viewers.look();
      expect(ended(sights)).toHaveLength(EACH);
      expect(sights.filter(({ breaches }) => breaches.length > 0)).toHaveLength(EACH);
      expect(test.log).toContainEqual(
        expect.objectContaining({ event: 'worker', pid: first?.pid, reason: 'SIGKILL' }),
      );
      await addViewers();
      expect(carried()).toBe(3 * EACH);
    },
    TEST_MS,
  );

  it(
    'leave a worker that hangs: it is killed',
    async () => {
      const [, second] = test.host.workers;
      process.kill(second?.pid ?? 0, 'SIGSTOP');
      await until(
        'it is replaced',
        () => test.host.workers.length === 2 && test.host.workers.every(({ pid }) => pid !== second?.pid),
        PATIENCE_MS,
      );
    },
    TEST_MS,
  );

  it(
    'are closed when the host stops, and the workers are gone',
    async () => {
      const pids = test.host.workers.map(({ pid }) => pid);
      await test.host.stop('stopped by the test');
      expect(ended(await viewers.look())).not.toEqual([]);
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    },
    TEST_MS,
  );
});

describe('a host that may start workers as it needs them', () => {
  const OWN = 50;
  const encoder = new Audience();
  const viewers = new Audience();
  let test: TestHost;

  afterAll(async () => {
    await test.host.stop('the test is over');
    await Promise.all([encoder.stop(), viewers.stop()]);
  }, TEST_MS);

  // On one core there are none.
  (availableParallelism() > 1 ? it : it.skip)(
    'carries fifty viewers itself, and has the first worker for those who come then',
    async () => {
      test = await startTestHost({
        masters: [{ name: 'camera1' }],
        slate: false,
      });
      await encoder.publish(join(CLIPS, 'camera1.flv'), test.publishUrl('master/camera1'));
      const play = (count: number): Promise<unknown> =>
        Promise.all(Array.from({ length: count }, () => viewers.play(test.flvUrl('camera1'))));
      await play(OWN);
      expect(test.host.workers).toEqual([]);
      await play(1);
      await until('a worker is there', () => test.host.workers.length === 1, PATIENCE_MS);
      await play(4);
      expect(test.host.workers.map((worker) => worker.viewers)).toEqual([4]);
      expect(test.host.viewers).toBe(OWN + 1 + 4);
      expect((await viewers.look()).flatMap(({ breaches }) => breaches)).toEqual([]);
    },
    TEST_MS,
  );
});

function pictures(peer: RawPeer, streamId: number): number {
  return peer.raws.filter((raw) => raw.typeId === MessageType.video && raw.streamId === streamId).length;
}

function switchesIn(breaches: readonly string[]): number {
  return breaches.reduce((sum, breach) => sum + Number(/^(\d+) switches$/.exec(breach)?.[1] ?? 0), 0);
}
