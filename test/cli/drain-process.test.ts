/** The host as a process that is told to end: by a service manager, twice, and by somebody at a terminal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { playRtmp, type RtmpPlayer } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { until } from '../support/until.ts';

const COMMAND = join(import.meta.dirname, '../../runtime/understudy.mjs');
const START_MS = 20_000;
const TEST_MS = 40_000;
/** So long that whoever waits for it fails the test. */
const DRAIN_TIMEOUT_MS = 3_600_000;
const NO_ONE = { packet: () => {}, data: () => {} };

interface LogLine {
  readonly event?: string;
  readonly phase?: string;
  readonly because?: string;
  readonly ports?: { readonly rtmp: number; readonly http: number };
}

/** A host in a process of its own, on free ports. */
class HostProcess {
  readonly process: ChildProcess;
  private said = '';
  /** It has ended, and all that it said has come. */
  private isClosed = false;

  constructor(configFile: string) {
    this.process = spawn(process.execPath, [COMMAND, 'run', '--config', configFile, '--log-format', 'json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.said += data.toString();
      });
    }
    this.process.on('close', () => {
      this.isClosed = true;
    });
  }

  async started(): Promise<this> {
    await until('the host to start', () => this.ports, START_MS);
    return this;
  }

  get text(): string {
    return this.said;
  }

  /** The lines of its log about the drain. */
  get drainLines(): unknown[] {
    return this.log.filter(({ event }) => event === 'drain').map(({ phase, because }) => because ?? phase);
  }

  private get ports(): { rtmp: number; http: number } | undefined {
    return this.log.find(({ event }) => event === 'serving')?.ports;
  }

  /** The whole lines of its log. */
  private get log(): readonly LogLine[] {
    const lines = this.said.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  play(): Promise<RtmpPlayer> {
    return playRtmp(`rtmp://127.0.0.1:${this.ports?.rtmp}/live/camera1`, { clock }, NO_ONE);
  }

  async health(): Promise<number | undefined> {
    const port = this.ports?.http;
    const [response] = (await once(
      get({ port, host: '127.0.0.1', path: '/healthz', agent: false }),
      'response',
    )) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  says(what: string): Promise<true> {
    return until(what, () => this.said.includes(what));
  }

  /** Its exit status and the signal that ended it. */
  async ended(): Promise<[number | null, NodeJS.Signals | null]> {
    await until('the end of the process', () => this.isClosed, START_MS);
    return [this.process.exitCode, this.process.signalCode];
  }
}

let directory: string;
let host: HostProcess;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-drain-'));
  const file = join(directory, 'config.json');
  writeFileSync(
    file,
    JSON.stringify({
      masters: [{ name: 'camera1' }],
      rtmp: { port: 0 },
      http: { port: 0 },
      control: { port: 0 },
      drain: { timeoutMs: DRAIN_TIMEOUT_MS },
    }),
  );
  host = await new HostProcess(file).started();
}, TEST_MS);
afterEach(() => {
  host.process.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

// Windows has no signal that a process could take as a request.
(process.platform === 'win32' ? describe.skip : describe)('a host that is told to end', () => {
  it(
    'by SIGTERM drains: its health says so, and it ends with 0 when its viewer leaves',
    async () => {
      const player = await host.play();
      expect(await host.health()).toBe(200);
      host.process.kill('SIGTERM');
      await host.says('draining: 1 viewer, up to 3600 s; send SIGTERM again to stop at once');
      expect(await host.health()).toBe(503);
      await expect(host.play()).rejects.toMatchObject({ code: 'NetStream.Play.Failed' });
      expect(host.drainLines).toEqual(['began']);
      player.close();
      expect(await host.ended()).toEqual([0, null]);
      expect(host.drainLines).toEqual(['began', 'no viewer is left']);
    },
    TEST_MS,
  );

  it(
    'by SIGTERM ends at once where nobody watches',
    async () => {
      host.process.kill('SIGTERM');
      expect(await host.ended()).toEqual([0, null]);
      expect(host.text).not.toContain('draining');
      expect(host.drainLines).toEqual(['began', 'no viewer is left']);
    },
    TEST_MS,
  );

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by SIGTERM and then %s ends at once, with its viewers',
    async (second) => {
      const player = await host.play();
      host.process.kill('SIGTERM');
      await host.says('draining: 1 viewer');
      host.process.kill(second);
      expect(await host.ended()).toEqual([0, null]);
      expect(await player.closed).toBe('closed by the server');
      // The second signal may be taken up before the first one's line is written.
      expect(host.drainLines.toSorted()).toEqual(['began', 'stopped']);
    },
    TEST_MS,
  );

  it(
    'by SIGINT ends at once, with its viewers',
    async () => {
      const player = await host.play();
      host.process.kill('SIGINT');
      expect(await host.ended()).toEqual([0, null]);
      expect(await player.closed).toBe('closed by the server');
      expect(host.drainLines).toEqual([]);
    },
    TEST_MS,
  );
});
