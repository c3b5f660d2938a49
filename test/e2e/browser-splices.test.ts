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
import { describeInBrowser } from '../support/browser.ts';
import { buffered } from '../support/buffered-ranges.ts';
import { makeTestClip } from '../support/clip-maker.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { launchBrowser } from '../support/launch-browser.ts';

const TEST_MS = 120_000;
const SEGMENT_MS = 2_000;
/** Every millisecond of three frames, which B-frames repeat after. */
const FIRST_CUT_MS = 5_200;
const CUTS = 100;
/** From the first cut to the next multiple of segments' length. */
const TO_MULTIPLE_MS = 800;
/** So soon the source before comes back: in front of what a part of it already has to be shown. */
const SOON_MS = 35;
const PAST_MS = 400;
/** So much of the source that begins last. */
const LAST_MS = 3_000;

interface Turn {
  readonly clip: Clip;
  /** Program time at which it begins. */
  readonly fromMs: number;
  /** So much of it is there only to make the rest decodable: it comes in steps of 1 ms. */
  readonly pastMs?: number;
}

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

  /** Each clip up to where the next one begins: init segments, and parts. */
  function packaged(turns: readonly Turn[]): string[] {
    const out: Buffer[] = [];
    let inForce: Buffer | null = null;
    const segmenter = new Segmenter(
      { segmentMs: SEGMENT_MS, partMs: 500 },
      {
        begin: ({ init }) => {
          if (init !== inForce) out.push(init);
          inForce = init;
        },
        part: ({ bytes }) => out.push(bytes),
        end: () => {},
      },
    );
    let last = 0;
    for (const [index, { clip, fromMs, pastMs = 0 }] of turns.entries()) {
      const time = EPOCH + fromMs;
      const endMs = turns[index + 1]?.fromMs ?? fromMs + LAST_MS;
      segmenter.packet({ kind: 'splice', time, source: `source ${index}` });
      if (clip !== turns[index - 1]?.clip) {
        segmenter.packet({ kind: 'header', track: 'video', time, config: clip.config });
      }
      for (const { timestamp, cts, ctsOffset, keyframe, payload } of clip.frames) {
        const own = time - pastMs + timestamp;
        if (own >= EPOCH + endMs) break;
        last = Math.max(last + 1, own);
        const frame = { time: last, cts: Math.max(0, own + cts - last), ctsOffset, keyframe, payload };
        segmenter.packet({ kind: 'frame', track: 'video', ...frame });
      }
    }
    return out.map((bytes) => bytes.toString('base64'));
  }

  const known = (profile: string): Clip => {
    const clip = clips.get(profile);
    if (clip === undefined) throw new Error(`no clip ${profile}`);
    return clip;
  };

  /** For each millisecond in which it is cut, what is buffered if that is not in one piece. */
  async function holesOf(first: Clip, turnsFor: (cutMs: number) => readonly Turn[]): Promise<string[]> {
    const holes: string[] = [];
    for (let cutMs = FIRST_CUT_MS; cutMs < FIRST_CUT_MS + CUTS; cutMs += 1) {
      const pieces = packaged(turnsFor(cutMs));
      const ranges = await page.evaluate(buffered, { pieces, codec: codecOf(first), originMs: EPOCH });
      if (ranges.length !== 1)
        holes.push(`${cutMs}: ${ranges.map((range) => range.join(' to ')).join(', ')}`);
    }
    return holes;
  }

  /** AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3.1), behind the five bytes of the message. */
  const codecOf = ({ config }: Clip): string => `avc1.${config.payload.toString('hex', 6, 9)}`;

  const LIST = [
    ['with B-frames', 'main', 'with them', 'main'],
    ['with B-frames', 'high', 'without', 'baseline'],
    ['without B-frames', 'baseline', 'with them', 'high'],
  ] as const;

  it.each(LIST)(
    'has no hole where one %s (%s) is cut off for one %s (%s), in whichever millisecond that is',
    async (_first, firstProfile, _second, secondProfile) => {
      const [first, second] = [known(firstProfile), known(secondProfile)];
      const holes = await holesOf(first, (cutMs) => [
        { clip: first, fromMs: 0 },
        { clip: second, fromMs: cutMs },
      ]);
      expect(holes).toEqual([]);
    },
    TEST_MS,
  );

  it.each(LIST)(
    'has no hole where one %s (%s) gives way to one %s (%s), which is cut off at once, in whichever millisecond',
    async (_first, firstProfile, _second, secondProfile) => {
      const [first, second] = [known(firstProfile), known(secondProfile)];
      const holes = await holesOf(first, (cutMs) => [
        { clip: first, fromMs: SEGMENT_MS / 4 },
        // Its keyframe is the first of its multiple, and begins a segment: all of the other one is in parts.
        { clip: second, fromMs: cutMs + TO_MULTIPLE_MS },
        { clip: first, fromMs: cutMs + TO_MULTIPLE_MS + SOON_MS, pastMs: PAST_MS },
      ]);
      expect(holes).toEqual([]);
    },
    TEST_MS,
  );
});
