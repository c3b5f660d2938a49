/** `understudy publish`, over real sockets: a test encoder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExitCode } from '../../runtime/cli/exit-codes.ts';
import { type PublishOptions, publish } from '../../runtime/cli/publish.ts';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { Studio } from './studio.ts';

const CLIP = join(import.meta.dirname, '../../runtime/clips/camera1.flv');

let studio: Studio;
let terminal: FakeTerminal;
let interrupt: AbortController;
beforeEach(async () => {
  studio = await new Studio().open();
  terminal = new FakeTerminal();
  interrupt = new AbortController();
});
afterEach(() => studio.close());

/** Publishes until it ends, or until `isEnough`. */
function publishing(options: Partial<PublishOptions>, isEnough = (): boolean => false): Promise<number> {
  const task = publish({
    file: CLIP,
    url: `rtmp://127.0.0.1:${studio.rtmpPort}/master/camera1`,
    key: 'key',
    retry: false,
    clock: studio.clock,
    terminal,
    signal: interrupt.signal,
    ...options,
  });
  return studio.clock.drive(task, () => {
    if (isEnough()) interrupt.abort();
  });
}

describe('publishing', () => {
  it('sends the clip: metadata, headers, then frames at the speed of the clock', async () => {
    const startedAt = studio.clock.now();
    expect(await publishing({}, () => studio.clock.now() - startedAt >= 3_000)).toBe(ExitCode.ok);
    const { packets } = studio;
    expect(studio.metadata).toMatchObject({ width: expect.any(Number) });
    expect(packets.slice(0, 2).map(({ config }) => config?.track)).toEqual(['video', 'audio']);
    expect(packets.find(({ track, config }) => track === 'video' && config === null)?.keyframe).toBe(true);
    const last = packets.at(-1)?.timestamp ?? 0;
    expect(last).toBeGreaterThan(2_500);
    expect(last).toBeLessThanOrEqual(3_100);
  });

  it('goes on after the end of the clip, without headers, on a timeline that goes on', async () => {
    const clip = readClip(readFileSync(CLIP));
    const isIntoTheNextRound = () => (studio.packets.at(-1)?.timestamp ?? 0) > clip.durationMs + 1_000;
    expect(await publishing({}, isIntoTheNextRound)).toBe(ExitCode.ok);
    expect(studio.packets.filter(({ config }) => config !== null)).toHaveLength(2);
    const video = studio.packets.filter(({ track, config }) => track === 'video' && config === null);
    const steps = video.slice(1).map(({ timestamp }, index) => timestamp - (video[index]?.timestamp ?? 0));
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(Math.max(...steps)).toBeLessThan(100);
  });

  it.each([
    [
      'in the address',
      { key: undefined, url: (port: number) => `rtmp://127.0.0.1:${port}/master/camera1?key=key` },
    ],
    ['beside it', { key: 'key', url: (port: number) => `rtmp://127.0.0.1:${port}/master/camera1` }],
    [
      'beside one with a query',
      { key: 'key', url: (port: number) => `rtmp://127.0.0.1:${port}/master/camera1?a=b` },
    ],
  ])('takes the key %s', async (_where, { key, url }) => {
    const options = { key, url: url(studio.rtmpPort) };
    expect(await publishing(options, () => studio.packets.length > 0)).toBe(ExitCode.ok);
    expect(studio.publishes).toEqual([{ path: 'master/camera1', key: 'key' }]);
  });

  it('that is refused ends with status 3 and what the server said, without the key', async () => {
    const refused = publishing({ key: 'wr0ngkey' });
    await expect(refused).rejects.toMatchObject({
      exitCode: ExitCode.unreachable,
      message: expect.stringContaining('NetStream.Publish.Denied: wrong key for master/camera1'),
    });
    await expect(refused).rejects.not.toThrow('wr0ngkey');
    expect(terminal.text).not.toContain('wr0ngkey');
  });

  it('connects again, after a while, where it is told to', async () => {
    studio.refusesPublishers = 2;
    const startedAt = studio.clock.now();
    expect(await publishing({ retry: true }, () => studio.packets.length > 10)).toBe(ExitCode.ok);
    expect(studio.publishes).toHaveLength(3);
    expect(studio.clock.now() - startedAt).toBeGreaterThanOrEqual(2_000);
    expect(terminal.errors).toHaveLength(2);
    expect(terminal.errors[0]).toMatch(/wrong key.*trying again/);
  });

  it('connects again where the server asks for it, if it was told to retry', async () => {
    let isAsked = false;
    const isBack = (): boolean => {
      if (studio.packets.length > 10 && !isAsked) studio.askToReconnect();
      isAsked ||= studio.packets.length > 10;
      return studio.publishes.length === 2;
    };
    expect(await publishing({ retry: true }, isBack)).toBe(ExitCode.ok);
    expect(terminal.errors).toEqual([
      `rtmp://127.0.0.1:${studio.rtmpPort}/master: asked to connect again; trying again`,
    ]);
  });

  it('goes on where the server asks for that and it was not told to retry', async () => {
    let asked = 0;
    const hasGoneOn = (): boolean => {
      if (studio.packets.length > 10 && asked === 0) {
        studio.askToReconnect();
        asked = studio.packets.length;
      }
      return asked > 0 && studio.packets.length > asked + 50;
    };
    expect(await publishing({}, hasGoneOn)).toBe(ExitCode.ok);
    expect(studio.publishes).toHaveLength(1);
  });

  it('says why it ended where the server ends it', async () => {
    let isEnded = false;
    const ended = publishing({}, () => {
      if (studio.packets.length > 10 && !isEnded) studio.endPublisher('taken over');
      isEnded = studio.packets.length > 10;
      return false;
    });
    await expect(ended).rejects.toMatchObject({
      exitCode: ExitCode.unreachable,
      message: expect.stringContaining(`rtmp://127.0.0.1:${studio.rtmpPort}/master: `),
    });
  });
});
