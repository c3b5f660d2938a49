/** FFmpeg plays signed URLs by every protocol, and is told where it may not; and hosts that have the same key agree. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { signedQuery } from '../../runtime/play-signature.ts';
import { playRtmp } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { Deployment, RELAY_KEY, SOURCE_WAIT_MS } from '../support/deployment.ts';
import { PLAY_KEY, startTestHost, type TestHost } from '../support/e2e-host.ts';
import { FfmpegViewer } from '../support/ffmpeg-peers.ts';
import { parsePlaylist } from '../support/hls-validator.ts';
import { until } from '../support/until.ts';

const TEST_MS = 120_000;
/** The slate begins, and a segment is complete; or two hosts have come to the same one. */
const SEGMENT_WAIT_MS = 30_000;
const HOUR_MS = 3_600_000;
const SIGNED = { viewers: { playKey: { env: 'PLAY_KEY' } }, hls: { segmentMs: 1_000 } };

function inMs(ms: number): number {
  return Math.floor((clock.now() + ms) / 1_000) * 1_000;
}

describe('FFmpeg', () => {
  const directory = mkdtempSync(join(tmpdir(), 'signed-urls-'));
  const viewers: FfmpegViewer[] = [];
  let site: TestHost;
  afterEach(async () => {
    await Promise.all(viewers.splice(0).map((viewer) => viewer.kill()));
    await site.host.stop('the test is over');
    rmSync(directory, { recursive: true });
  });

  function play(url: string): FfmpegViewer {
    const viewer = new FfmpegViewer(url, join(directory, `${viewers.length}.json`));
    viewers.push(viewer);
    return viewer;
  }

  it(
    'plays RTMP, HTTP-FLV and HLS with one signature, and none of them without',
    async () => {
      // The slate is on air by itself.
      site = await startTestHost({ masters: [{ name: 'camera1' }], ...SIGNED });
      const urls = [site.rtmpUrl('camera1'), site.flvUrl('camera1'), site.hlsUrl('camera1')];
      const query = signedQuery('camera1', inMs(HOUR_MS), PLAY_KEY);
      const expired = signedQuery('camera1', inMs(-1_000), PLAY_KEY);
      const playlist = `${site.hlsUrl('camera1')}?${query}`;
      await until('a segment', async () => (await fetch(playlist)).status === 200, SEGMENT_WAIT_MS);
      const players = urls.map((url) => play(`${url}?${query}`));
      const refused = urls.map((url) => play(`${url}?${expired}`));
      for (const { begun } of refused) await expect(begun).rejects.toThrow(/ended with 1/);
      await Promise.all(players.map(({ begun }) => begun));
      const reports = await Promise.all(players.map((player) => player.leave()));
      for (const report of reports) {
        expect(report).toMatchObject({ endedBy: 'signal', errors: [], corruptFrames: 0 });
      }
      const log = JSON.stringify(site.log);
      for (const secret of [PLAY_KEY, ...[query, expired].map((text) => text.split('signature=')[1] ?? '')]) {
        expect(log).not.toContain(secret);
      }
    },
    TEST_MS,
  );
});

describe('two hosts with one play key', () => {
  let site: Deployment;
  afterEach(() => site?.stop());

  it(
    'let in with one signature, give their segments the same names, and relay without one',
    async () => {
      site = await new Deployment({ one: ['master/camera1'], edge: [] }, SIGNED).start();
      await site.encode('master/camera1');
      await site.shows('one', 'camera1', 'master/camera1');
      const query = site.host('one').control.addresses('camera1', true)?.rtmp.split('?')[1] ?? '';
      let frames = 0;
      const listener = {
        packet: () => {
          frames += 1;
        },
        data: () => {},
      };
      await expect(playRtmp(site.url('edge', 'live/camera1'), { clock }, listener)).rejects.toThrow(
        'missing',
      );
      const player = await playRtmp(site.url('edge', `live/camera1?${query}`), { clock }, listener);
      await until('frames by way of a relay', () => frames > 0, SOURCE_WAIT_MS);
      const names = async (host: string) => {
        const base = `http://127.0.0.1:${site.host(host).ports.http}/live/camera1/index.m3u8`;
        const playlist = parsePlaylist(await (await fetch(`${base}?${query}`)).text());
        return playlist.segments.flatMap(({ uri }) => (uri === null ? [] : [new URL(uri, base)]));
      };
      const pair = await until(
        'a segment that both have',
        async () => {
          const [ones, edges] = [await names('one'), await names('edge')];
          const edge = edges.find(({ pathname }) => ones.some((own) => own.pathname === pathname));
          const one = ones.find(({ pathname }) => pathname === edge?.pathname);
          return one !== undefined && edge !== undefined && { one, edge };
        },
        SEGMENT_WAIT_MS,
      );
      expect(pair.one.pathname).toMatch(/segment-\d+-[0-9a-f]{32}\.m4s$/);
      const bytes = async (url: URL) => Buffer.from(await (await fetch(url)).arrayBuffer());
      expect(await bytes(pair.edge)).toEqual(await bytes(pair.one));
      // Whoever may play may not pull.
      await expect(
        playRtmp(site.url('one', `relay/master%2Fcamera1?${query}`), { clock }, listener),
      ).rejects.toThrow('wrong relay key');
      player.close();
      const log = JSON.stringify([...site.logs.values()]);
      for (const secret of [PLAY_KEY, RELAY_KEY, query]) expect(log).not.toContain(secret);
    },
    TEST_MS,
  );
});
