/** A browser finds no hole in what HLS serves, wherever a source is cut off and another one begins, with B-frames or without. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { Segmenter } from '../../runtime/hls/segmenter.ts';
import type { CodecConfig, MediaPacket } from '../../runtime/media/packet.ts';
import { describeInBrowser, launchBrowser } from '../support/browser.ts';
import { buffered } from '../support/buffered-ranges.ts';
import { makeTestClip } from '../support/clip-maker.ts';
import { EPOCH } from '../support/fake-clock.ts';

const TEST_MS = 120_000;
/** Every millisecond of three frames, which B-frames repeat after. */
const FIRST_CUT_MS = 5_200;
const CUTS = 100;
/** So much of the source that begins. */
const SECOND_MS = 3_000;

interface Clip {
  readonly config: CodecConfig;
  readonly frames: readonly MediaPacket[];
}

describeInBrowser('what a browser has of a program in which one source follows upon another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-splices-'));
  const clips = new Map<string, Clip>();
  let site: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    for (const profile of ['main', 'high', 'baseline'] as const) {
      const file = join(folder, `${profile}.flv`);
      await makeTestClip(file, { durationSeconds: 8, profile });
      const pictures = readClip(readFileSync(file)).packets.filter(({ track }) => track === 'video');
      const frames = pictures.filter((packet) => packet.config === null);
      clips.set(profile, { config: pictures[0]?.config as CodecConfig, frames });
    }
    site = createServer((_request, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1');
    await once(site, 'listening');
    browser = await launchBrowser();
    page = await browser.newPage();
    // A page of no site has no MediaSource.
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  }, TEST_MS);

  afterAll(async () => {
    await browser?.close();
    site?.close();
    rmSync(folder, { recursive: true });
  }, TEST_MS);

  /** One clip up to `cutMs`, and from there on the other one from its beginning: init segments, and parts. */
  function packaged(first: Clip, second: Clip, cutMs: number): string[] {
    const out: Buffer[] = [];
    let inForce: Buffer | null = null;
    const segmenter = new Segmenter(
      { segmentMs: 2_000, partMs: 500 },
      {
        begin: ({ init }) => {
          if (init !== inForce) out.push(init);
          inForce = init;
        },
        part: ({ bytes }) => out.push(bytes),
        end: () => {},
      },
    );
    const show = ({ timestamp, cts, ctsOffset, keyframe, payload }: MediaPacket, fromMs: number): void => {
      const time = EPOCH + fromMs + timestamp;
      segmenter.packet({ kind: 'frame', track: 'video', time, cts, ctsOffset, keyframe, payload });
    };
    segmenter.packet({ kind: 'header', track: 'video', time: EPOCH, config: first.config });
    for (const frame of first.frames) if (frame.timestamp < cutMs) show(frame, 0);
    segmenter.packet({ kind: 'splice', time: EPOCH + cutMs, source: 'backup/spare' });
    if (second !== first) {
      segmenter.packet({ kind: 'header', track: 'video', time: EPOCH + cutMs, config: second.config });
    }
    for (const frame of second.frames) if (frame.timestamp < SECOND_MS) show(frame, cutMs);
    return out.map((bytes) => bytes.toString('base64'));
  }

  /** AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3.1), behind the five bytes of the message. */
  const codecOf = ({ config }: Clip): string => `avc1.${config.payload.toString('hex', 6, 9)}`;

  it.each([
    ['with B-frames', 'main', 'with them', 'main'],
    ['with B-frames', 'high', 'without', 'baseline'],
    ['without B-frames', 'baseline', 'with them', 'high'],
  ])(
    'has no hole where one %s (%s) is cut off for one %s (%s), in whichever millisecond that is',
    async (_first, firstProfile, _second, secondProfile) => {
      const [first, second] = [clips.get(firstProfile), clips.get(secondProfile)];
      if (first === undefined || second === undefined) throw new Error('no clip');
      const holes: string[] = [];
      for (let cutMs = FIRST_CUT_MS; cutMs < FIRST_CUT_MS + CUTS; cutMs += 1) {
        const pieces = packaged(first, second, cutMs);
        const ranges = await page.evaluate(buffered, { pieces, codec: codecOf(first), originMs: EPOCH });
        if (ranges.length !== 1)
          holes.push(`${cutMs}: ${ranges.map((range) => range.join(' to ')).join(', ')}`);
      }
      expect(holes).toEqual([]);
    },
    TEST_MS,
  );
});
