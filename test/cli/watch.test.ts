/** `understudy watch`, over real sockets: what it reports of a program, and its verdict. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExitCode } from '../../runtime/cli/exit-codes.ts';
import { type WatchOptions, watch } from '../../runtime/cli/watch.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { Studio } from './studio.ts';

let studio: Studio;
let terminal: FakeTerminal;
let interrupt: AbortController;
beforeEach(async () => {
  studio = await new Studio().open();
  terminal = new FakeTerminal();
  interrupt = new AbortController();
});
afterEach(() => studio.close());

const ADDRESSES = {
  rtmp: () => `rtmp://127.0.0.1:${studio.rtmpPort}/live/camera1`,
  http: () => `http://127.0.0.1:${studio.httpPort}/live/camera1.flv`,
};

/** Watches while the program plays; `at` runs things at their time, in ms from the start. */
function watching(options: Partial<WatchOptions> = {}, at: Record<number, () => void> = {}): Promise<number> {
  const { clock } = studio;
  const startedAt = clock.now();
  const task = watch({
    url: ADDRESSES.rtmp(),
    durationMs: 5_000,
    stallTimeoutMs: 500,
    json: false,
    clock,
    terminal,
    signal: interrupt.signal,
    ...options,
  });
  const due = Object.entries(at).map(([ms, run]) => ({ at: startedAt + Number(ms), run }));
  return clock.drive(task, () => {
    while (due[0] !== undefined && clock.now() >= due[0].at) due.shift()?.run();
    studio.play();
  });
}

describe.each(['rtmp', 'http'] as const)('watching over %s', (protocol) => {
  it('finds nothing to notice in a program that is well', async () => {
    const url = `${ADDRESSES[protocol]()}?token=s3cret`;
    expect(await watching({ url })).toBe(ExitCode.ok);
    expect(terminal.lines.at(-1)).toBe('a viewer noticed nothing');
    expect(terminal.text).toMatch(/video: \d+ frames of 40 ms, largest hole 0 ms, 0 out of order; avc/);
    expect(terminal.text).not.toContain('s3cret');
  });

  it('reports a switch and does not mind it', async () => {
    const url = ADDRESSES[protocol]();
    expect(await watching({ url }, { 2000: () => studio.splice('backup/spare') })).toBe(ExitCode.ok);
    expect(terminal.lines).toContain('0:02  switch to backup/spare');
    expect(terminal.text).toContain('switches seen: 1, backup/spare at 0:02');
  });

  it('notices media that is missing', async () => {
    const url = ADDRESSES[protocol]();
    expect(await watching({ url }, { 2000: () => studio.lose(400) })).toBe(ExitCode.failed);
    expect(terminal.lines.at(-1)).toMatch(/^NOTICEABLE: video: 4\d\d ms of media are missing/);
  });
});

describe('watching', () => {
  it('notices a program that falls silent', async () => {
    const silence = (): void => {
      studio.isSilent = true;
    };
    expect(await watching({}, { 1000: silence })).toBe(ExitCode.failed);
    expect(terminal.lines.at(-1)).toMatch(/NOTICEABLE: nothing arrived for \d{4} ms, 650 allowed/);
  });

  it('notices the end of the stream', async () => {
    expect(await watching({}, { 1000: () => studio.stage.feed.close('bye') })).toBe(ExitCode.failed);
    expect(terminal.text).toContain('NOTICEABLE: the stream ended: ');
  });

  it('prints one JSON object and nothing else where asked to', async () => {
    const url = `${ADDRESSES.rtmp()}?token=s3cret`;
    await watching({ json: true, url }, { 2000: () => studio.splice('backup/spare') });
    expect(terminal.lines).toHaveLength(1);
    const report = JSON.parse(terminal.text) as Record<string, unknown>;
    expect(report).toMatchObject({
      url: ADDRESSES.rtmp(),
      breaches: [],
      switches: [{ source: 'backup/spare' }],
      video: { frameMs: 40, holeMs: 0 },
    });
  });

  it('goes on until it is interrupted where it has no duration', async () => {
    const interrupted = { 3000: () => interrupt.abort() };
    expect(await watching({ durationMs: null }, interrupted)).toBe(ExitCode.ok);
    expect(terminal.text).toMatch(/^0:03 {2}/m);
  });

  it('shows meanwhile what is on air', async () => {
    await watching({}, { 1000: () => studio.splice('backup/spare') });
    expect(terminal.statuses.at(-1)).toMatch(/backup\/spare {2}1 switches {2}hole 0\/0 ms {2}gap \d+ ms/);
  });

  it.each([
    [
      'rtmp',
      () => `rtmp://127.0.0.1:${studio.rtmpPort}/live/camera9?key=s3cret`,
      'NetStream.Play.StreamNotFound',
    ],
    ['http', () => `http://127.0.0.1:${studio.httpPort}/live/camera9.flv?key=s3cret`, '404'],
  ])('says why it is refused over %s', async (_protocol, url, says) => {
    await expect(watching({ url: url() })).rejects.toMatchObject({
      exitCode: ExitCode.unreachable,
      message: expect.stringContaining(says),
    });
    await expect(watching({ url: url() })).rejects.not.toThrow('s3cret');
  });

  it('notices bytes that are no FLV', async () => {
    const url = `http://127.0.0.1:${studio.httpPort}/healthz`;
    expect(await watching({ url })).toBe(ExitCode.failed);
    expect(terminal.text).toContain('NOTICEABLE: the stream ended: not an FLV stream');
  });
});
