/** Several hosts over real sockets, in this process: what their viewers get, and what goes between them. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { ViewerReporter } from '../../runtime/cli/viewer-report.ts';
import { type PlayListener, playRtmp, publishRtmp, type RtmpPlayer } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { Deployment, type Layout, RELAY_KEY, SOURCE_WAIT_MS } from '../support/deployment.ts';
import { parsePlaylist } from '../support/hls-validator.ts';
import { PacketLog } from '../support/packet-log.ts';
import { until } from '../support/until.ts';

const TEST_MS = 60_000;
const LAYOUT: Layout = { one: ['master/camera1'], two: ['master/camera2'], four: ['backup/spare'], edge: [] };

let site: Deployment;
const players: RtmpPlayer[] = [];
afterEach(async () => {
  for (const player of players.splice(0)) player.close();
  await site?.stop();
});

async function play(host: string, program: string, listener: PlayListener): Promise<RtmpPlayer> {
  const player = await playRtmp(site.url(host, `live/${program}`), { clock }, listener);
  players.push(player);
  return player;
}

async function watch(host: string, program: string) {
  const reporter = new ViewerReporter(clock.now());
  let ended: string | null = null;
  const player = await play(host, program, {
    packet: (packet) => reporter.packet(packet, clock.now()),
    data: (name, value) => reporter.data(name, value, clock.now()),
  });
  void player.closed.then((reason) => {
    ended = reason;
  });
  return { player, report: () => ({ ...reporter.summary(clock.now()), ended }) };
}

/** What no viewer may notice. */
const UNNOTICED = {
  ended: null,
  splicesWithoutKeyframe: 0,
  framesBeforeHeaders: 0,
  video: { outOfOrder: 0, ptsBeforeDts: 0 },
  audio: { outOfOrder: 0, ptsBeforeDts: 0 },
};

async function startAll(changes: object = {}, layout = LAYOUT): Promise<void> {
  site = await new Deployment(layout, changes).start();
  const inputs = Object.values(layout).flat();
  await Promise.all(inputs.map((input) => site.encode(input)));
  for (const input of inputs.filter((name) => name.startsWith('master/'))) {
    await site.shows(site.ownerOf(input), input.replace('master/', ''), input);
  }
}

const relaysOf = (host: string) => site.host(host).control.state().relays;
const inputOf = (host: string, name: string) =>
  site
    .host(host)
    .control.state()
    .inputs.find((input) => input.name === name);

describe('hosts that work together', () => {
  it(
    'put out the same packets at the same program time, through a failover and back',
    async () => {
      await startAll();
      const logs = { one: new PacketLog(), edge: new PacketLog() };
      for (const [host, log] of Object.entries(logs)) await play(host, 'camera1', log);
      const both = (what: string, isSo: (log: PacketLog) => boolean) =>
        until(what, () => Object.values(logs).every(isSo), SOURCE_WAIT_MS);
      await both('packets everywhere', ({ packets }) => packets.length > 50);
      site.kill('master/camera1');
      await both('the backup everywhere', ({ sources }) => sources.at(-1) === 'backup/spare');
      await site.encode('master/camera1');
      await both('the master again', ({ sources }) => sources.at(-1) === 'master/camera1');
      const seen = logs.one.packets.length;
      await both('more of it', ({ packets }) => packets.length > seen + 100);

      const from = Math.max(logs.one.reach[0], logs.edge.reach[0]);
      const to = Math.min(logs.one.reach[1], logs.edge.reach[1]) - 100;
      const ones = logs.one.between(from, to);
      process.stdout.write(`${ones.length} packets over ${to - from} ms on both hosts\n`);
      expect(ones.length).toBeGreaterThan(200);
      expect(logs.edge.between(from, to)).toEqual(ones);
      // The start of a program's timestamps is a host's own, and the same at all of its splices.
      expect([logs.one.starts.size, logs.edge.starts.size]).toEqual([1, 1]);
    },
    TEST_MS,
  );

  it(
    'carry viewers elsewhere over the loss of a master’s host, and of the backup’s, and back',
    async () => {
      await startAll();
      const viewers = [
        await watch('edge', 'camera1'),
        await watch('two', 'camera1'),
        await watch('two', 'camera2'),
      ];
      await until(
        'pictures',
        () => viewers.every(({ report }) => report().video.frames > 30),
        SOURCE_WAIT_MS,
      );
      await site.stopHost('one');
      for (const host of ['edge', 'two']) await site.shows(host, 'camera1', 'backup/spare');
      await site.stopHost('four');
      await site.shows('edge', 'camera1', 'slate');
      // Nothing of that is any business of a host that has its own master.
      expect(site.onAir('two', 'camera2')).toBe('master/camera2');
      await site.startHost('four');
      await site.encode('backup/spare');
      for (const host of ['edge', 'two']) await site.shows(host, 'camera1', 'backup/spare');
      await site.startHost('one');
      await site.encode('master/camera1');
      for (const host of ['edge', 'two']) await site.shows(host, 'camera1', 'master/camera1');
      for (const { report } of viewers) expect(report()).toMatchObject(UNNOTICED);
      // Its own master alone, all the time.
      expect(viewers[2]?.report().switches).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'bring an input to a host once, whatever programs and viewers it has there, and only while somebody plays',
    async () => {
      await startAll({ relay: { key: { env: 'RELAY_KEY' }, lingerMs: 300 } });
      expect(relaysOf('edge')).toEqual([]);
      expect(site.host('edge').control.programState('camera1')).toMatchObject({
        isResting: true,
        onAir: null,
      });
      const viewers: Array<Awaited<ReturnType<typeof watch>>> = [];
      for (const program of ['camera1', 'camera2', 'camera1', 'camera2'])
        viewers.push(await watch('edge', program));
      await until('pictures', () => viewers.every(({ report }) => report().video.frames > 0), SOURCE_WAIT_MS);
      expect(relaysOf('edge').map(({ kind, input, host }) => `${kind} ${input} ${host}`)).toEqual([
        'pull master/camera1 one',
        'pull backup/spare four',
        'pull master/camera2 two',
      ]);
      // The backup is pushed to the masters' hosts, and pulled by the edge, once to each.
      expect(relaysOf('four').map(({ kind, input }) => `${kind} ${input}`)).toEqual([
        'push backup/spare',
        'push backup/spare',
        'pulled backup/spare',
      ]);
      for (const { player } of viewers) player.close();
      await until('nothing is pulled any more', () => relaysOf('edge').length === 0);
      await until('nobody pulls', () => relaysOf('four').length === 2 && relaysOf('one').length === 0);
      expect(site.host('edge').control.programState('camera1')).toMatchObject({
        isResting: true,
        onAir: null,
      });
      expect(inputOf('edge', 'backup/spare')).toMatchObject({ health: 'absent', warmBytes: 0 });

      const again = await watch('edge', 'camera2');
      await until('pictures again', () => again.report().video.frames > 0, SOURCE_WAIT_MS);
      // No slate and no backup on the way to the master.
      expect(site.host('edge').control.switches('camera2').at(-1)).toMatchObject({
        cause: 'start',
        to: 'master/camera2',
      });
      expect(again.report().switches).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'wake a program for players of HLS, serve the same segments, and let it rest when they have gone',
    async () => {
      const relay = { key: { env: 'RELAY_KEY' }, lingerMs: 300 };
      await startAll(
        { relay, hls: { segmentMs: 1_000 } },
        { one: ['master/camera1'], four: ['backup/spare'], edge: [] },
      );
      const urlOn = (host: string, file: string) =>
        `http://127.0.0.1:${site.host(host).ports.http}/live/camera1/${file}`;
      expect(site.onAir('edge', 'camera1')).toBe(null);
      const look = async (host: string) => {
        const response = await fetch(urlOn(host, 'index.m3u8'));
        expect(response.status).toBe(200);
        return parsePlaylist(await response.text()).segments.filter(({ uri }) => uri !== null);
      };
      await look('edge');
      expect(site.onAir('edge', 'camera1')).toBe('master/camera1');
      expect(site.host('edge').viewers).toBe(1);
      let common: string[] = [];
      await until(
        'three segments on both hosts',
        async () => {
          const [ones, edges] = [await look('one'), await look('edge')];
          const known = new Set(
            ones.map(({ uri, dateTime, durationMs }) => `${uri} ${dateTime} ${durationMs}`),
          );
          common = edges
            .filter(({ uri, dateTime, durationMs }) => known.has(`${uri} ${dateTime} ${durationMs}`))
            .flatMap(({ uri }) => uri ?? []);
          // What is listed on both hosts, but for what only one of them has yet, is the same.
          const last = Math.min(ones.at(-1)?.number ?? 0, edges.at(-1)?.number ?? 0);
          expect(common).toHaveLength(edges.filter(({ number }) => number <= last).length);
          return common.length >= 3;
        },
        SOURCE_WAIT_MS,
      );
      const segmentOn = async (host: string, uri: string): Promise<Buffer> => {
        const response = await fetch(urlOn(host, uri));
        expect(response.status).toBe(200);
        return Buffer.from(await response.arrayBuffer());
      };
      for (const uri of common) {
        const [one, edge] = [await segmentOn('one', uri), await segmentOn('edge', uri)];
        // The last picture of a GOP alone may be all there is in it: a hundred bytes.
        expect(one.toString('latin1', 4, 8)).toBe('moof');
        expect(edge.equals(one)).toBe(true);
      }
      await until('it rests', () => site.onAir('edge', 'camera1') === null, SOURCE_WAIT_MS);
    },
    TEST_MS,
  );

  it(
    'need nobody else to serve their own program',
    async () => {
      site = new Deployment(LAYOUT);
      await site.start(['one']);
      await site.encode('master/camera1');
      await site.shows('one', 'camera1', 'master/camera1');
      const viewer = await watch('one', 'camera1');
      await until('pictures', () => viewer.report().video.frames > 30, SOURCE_WAIT_MS);
      expect(viewer.report()).toMatchObject({ ...UNNOTICED, switches: [] });
      // Those that are away cost a line each, not one for every attempt.
      const lost = site.logs.get('one')?.filter(({ event, level }) => event === 'relay' && level === 40);
      expect(lost).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'keep pulls warm where the configuration says so',
    async () => {
      await startAll({ relay: { key: { env: 'RELAY_KEY' }, keepWarm: true } });
      await site.shows('edge', 'camera2', 'master/camera2');
      expect(relaysOf('edge')).toHaveLength(3);
    },
    TEST_MS,
  );

  it(
    'go on where they were when a connection between them breaks, and deliver nothing twice',
    async () => {
      await startAll({}, { one: ['master/camera1'], four: ['backup/spare'] });
      const log = new PacketLog();
      site.kill('master/camera1');
      await site.shows('one', 'camera1', 'backup/spare');
      await play('one', 'camera1', log);
      await until('packets', () => log.packets.length > 50);
      const spare = site
        .host('one')
        .control.state()
        .inputs.find(({ name }) => name === 'backup/spare');
      const before = inputOf('one', 'backup/spare')?.warmBytes ?? 0;
      expect(before).toBeGreaterThan(0);
      // Whoever takes the input over with the same key ends the connection that brought it.
      const intruder = await publishRtmp(
        site.url('one', `relay/${encodeURIComponent('backup/spare')}?key=${RELAY_KEY}`),
        {
          clock,
        },
      );
      expect(intruder.startInfo).toMatchObject({ epoch: expect.any(Number), sequence: expect.any(Number) });
      intruder.close('gone again');
      await site.shows('one', 'camera1', 'backup/spare');
      expect(spare?.publisher).not.toBe(inputOf('one', 'backup/spare')?.publisher);
      await until(
        'its past is still there',
        () => (inputOf('one', 'backup/spare')?.warmBytes ?? 0) >= before,
      );
      const seen = log.packets.length;
      await until('it goes on', () => log.packets.length > seen + 50);
    },
    TEST_MS,
  );

  it(
    'let nobody in without the relay key, and give out only what is published to them',
    async () => {
      await startAll({}, { one: ['master/camera1'], four: ['backup/spare'] });
      const relay = (host: string, input: string, key: string) =>
        site.url(host, `relay/${encodeURIComponent(input)}?key=${key}`);
      const nobody: PlayListener = { packet: () => {}, data: () => {} };
      const refused = (attempt: Promise<unknown>) => expect(attempt).rejects;
      await refused(playRtmp(relay('one', 'master/camera1', 'wrong-key-000'), { clock }, nobody)).toThrow(
        'wrong relay key',
      );
      await refused(publishRtmp(relay('one', 'backup/spare', 'wrong-key-000'), { clock })).toThrow(
        'wrong relay key',
      );
      await refused(playRtmp(relay('one', 'backup/spare', RELAY_KEY), { clock }, nobody)).toThrow(
        'do not publish',
      );
      await refused(publishRtmp(relay('four', 'backup/spare', RELAY_KEY), { clock })).toThrow('not pushed');
      await refused(publishRtmp(site.url('one', 'backup/spare?key=key-of-backup-spare'), { clock })).toThrow(
        'another host',
      );
      expect(JSON.stringify([...site.logs.values()])).not.toContain(RELAY_KEY);
    },
    TEST_MS,
  );
});
