import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTestClip } from '../support/clip-maker.ts';
import { Encoder } from './encoder.ts';
import { eventually } from './eventually.ts';
import { hostCommand } from './host-command.ts';
import { HostProcess } from './host-process.ts';
import { Network } from './network.ts';
import { comparePackets } from './same-packets.ts';
import { Viewers } from './viewers.ts';

// What the tests with six hosts stand on, with one host: machines that only see each other, links that are cut without a
// reset, bytes that are counted, encoders that come back, viewers that see every hole, and the comparison of packets.

const TEST_MS = 120_000;
const WAIT = 30_000;
const SPARE_KEY = 'key-of-spare-0123456789';
const CAMERA_KEY = 'key-of-camera1-0123456789';

describe('a network of namespaces', () => {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-network-'));
  let network: Network;
  let host: HostProcess;
  let viewers: Viewers;
  let camera: Encoder;
  let spare: Encoder;

  const onAir = (source: string): Promise<void> =>
    eventually({ what: `${source} on air`, withinMs: WAIT }, async () => {
      const [program] = (await host.state()).programs;
      return program?.onAir === source ? null : `${program?.onAir} is`;
    });
  const frames = async (viewer: string): Promise<number> =>
    (await viewers.report()).get(viewer)?.report.video.frames ?? 0;
  const moreFrames = async (viewer: string, count: number): Promise<void> => {
    const before = await frames(viewer);
    await eventually({ what: `${viewer} gets ${count} frames`, withinMs: WAIT }, async () => {
      const now = await frames(viewer);
      return now - before >= count ? null : `${now - before} came`;
    });
  };

  beforeAll(async () => {
    const configFile = join(directory, 'understudy.config.json');
    const config = {
      masters: [{ name: 'camera1', key: { env: 'CAMERA1_KEY' } }],
      backups: [{ name: 'spare', key: { env: 'SPARE_KEY' } }],
      failover: { failbackHoldMs: 1_000 },
    };
    writeFileSync(configFile, JSON.stringify(config));
    const clips = { camera: join(directory, 'camera.flv'), spare: join(directory, 'spare.flv') };
    await Promise.all([
      makeTestClip(clips.camera, { label: 'CAMERA' }),
      makeTestClip(clips.spare, { label: 'SPARE', colour: [60, 120, 60] }),
    ]);
    network = Network.create([
      { name: 'one', address: '10.90.0.11' },
      { name: 'camera', address: '10.90.0.2' },
      { name: 'spare', address: '10.90.0.3' },
      { name: 'viewers', address: '10.90.0.4' },
    ]);
    host = new HostProcess({
      network,
      name: 'one',
      understudy: await hostCommand(directory),
      configFile,
      logDirectory: directory,
      env: { CAMERA1_KEY: CAMERA_KEY, SPARE_KEY },
    });
    await host.start();
    const url = 'rtmp://10.90.0.11';
    camera = new Encoder({
      clip: clips.camera,
      url: `${url}/master/camera1?key=${CAMERA_KEY}`,
      on: network.on('camera'),
    });
    spare = new Encoder({
      clip: clips.spare,
      url: `${url}/backup/spare?key=${SPARE_KEY}`,
      on: network.on('spare'),
    });
    camera.start();
    spare.start();
    viewers = new Viewers(network.on('viewers'));
    await onAir('master/camera1');
    await viewers.start('rtmp', 'rtmp://10.90.0.11/live/camera1');
    await viewers.start('flv', 'http://10.90.0.11:8080/live/camera1.flv');
    await moreFrames('flv', 10);
  }, TEST_MS);

  afterAll(async () => {
    await Promise.all([camera?.kill(), spare?.kill(), viewers?.close(), host?.kill()]);
    network?.remove();
    rmSync(directory, { recursive: true, force: true });
  }, TEST_MS);

  it(
    'cuts a link without a reset, and mends it',
    async () => {
      await viewers.mark();
      network.cut('camera');
      await onAir('backup/spare');
      const before = await network.bytesBetween('camera', 'one');
      await moreFrames('rtmp', 60);
      expect(await network.bytesBetween('camera', 'one')).toBe(before);
      network.mend('camera');
      await onAir('master/camera1');
      expect(await network.bytesBetween('camera', 'one')).toBeGreaterThan(before + 50_000);
      const switches = await host.switches();
      expect(switches.at(-2)?.detail).toContain('stalled');
      for (const { ended, report } of (await viewers.report()).values()) {
        expect(ended).toBeNull();
        expect(report.switches.map(({ source }) => source)).toEqual(['backup/spare', 'master/camera1']);
        expect(report.video.holeMs).toBeLessThanOrEqual(report.video.frameMs);
      }
    },
    TEST_MS,
  );

  it(
    'shows by the packets of two viewers that they got the same, and what is not the same',
    async () => {
      await viewers.mark();
      await camera.kill();
      await onAir('backup/spare');
      camera.start();
      await onAir('master/camera1');
      await moreFrames('rtmp', 30);
      const [first, second] = [await viewers.packets('rtmp'), await viewers.packets('flv')];
      const comparison = comparePackets(first, second);
      expect(comparison.compared).toBeGreaterThan(200);
      expect(comparison).toMatchObject({
        same: comparison.compared,
        constantMs: 0,
        moved: [],
        onlyInFirst: [],
        onlyInSecond: [],
      });
      expect(comparison.squeezed).toBeGreaterThan(0);

      const middle = Math.floor(first.length / 2);
      const lacking = first.filter((_, index) => index !== middle);
      expect(comparePackets(lacking, second).onlyInSecond).toHaveLength(1);
      const late = first.map((packet, index) =>
        index === middle ? { ...packet, time: packet.time + 1 } : packet,
      );
      expect(comparePackets(second, late).moved).toHaveLength(1);
      const later = first.map((packet) => ({ ...packet, time: packet.time + 777 }));
      expect(comparePackets(second, later)).toMatchObject({ constantMs: 777, moved: [], onlyInFirst: [] });
    },
    TEST_MS,
  );

  it(
    'sees a viewer that is disconnected, and an encoder that connects again by itself',
    async () => {
      await viewers.mark();
      await host.kill();
      await eventually({ what: 'viewers are disconnected', withinMs: WAIT }, async () => {
        const going = [...(await viewers.report()).values()].filter(({ ended }) => ended === null);
        return going.length === 0 ? null : `${going.length} go on`;
      });
      await host.start();
      await onAir('master/camera1');
    },
    TEST_MS,
  );
});
