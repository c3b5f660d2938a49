/**
 * `npm run soak -- [MINUTES]`: a host as a process of its own, four encoders, 50 viewers that read and 2 that do not.
 * Prints its memory every half minute, and in the end how much it grew. Half way, all masters are lost for a while: three
 * programs then show the one backup, whose packets must still exist once.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { arch, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { HostState } from '../runtime/contract/control-api.ts';
import { playRtmp } from '../runtime/rtmp/client.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { makePaddedClip } from './padded-clip.ts';

const MINUTES = Number(process.argv[2] ?? 10);
const SAMPLE_MS = 30_000;
const READERS = 50;
const NON_READERS = 2;
const PORTS = { rtmp: 21_935, http: 28_080, control: 28_081 };
const COMMAND = join(import.meta.dirname, '..', 'runtime', 'understudy.mjs');
const INPUTS = ['master/camera1', 'master/camera2', 'master/camera3', 'backup/spare'];
const KEY = 'soak-key-0123456789';

const directory = mkdtempSync(join(tmpdir(), 'understudy-soak-'));
const clip = join(directory, 'clip.flv');
const config = join(directory, 'config.json');
const children = new Map<string, ChildProcess>();
let received = 0;
let readersLost = 0;
let nonReadersClosed = 0;
let isOver = false;

function run(name: string, args: readonly string[]): void {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, SOAK_KEY: KEY },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.set(name, child);
}

function publish(input: string): void {
  run(input, ['publish', clip, `rtmp://127.0.0.1:${PORTS.rtmp}/${input}`, '--key-env', 'SOAK_KEY']);
}

async function state(): Promise<HostState> {
  const response = await fetch(`http://127.0.0.1:${PORTS.control}/v1/state`);
  return (await response.json()) as HostState;
}

async function serving(isSo: (state: HostState) => boolean): Promise<void> {
  for (;;) {
    const now = await state().catch(() => null);
    if (now !== null && isSo(now)) return;
    await pause(100);
  }
}

async function readRtmp(program: string): Promise<void> {
  const player = await playRtmp(
    `rtmp://127.0.0.1:${PORTS.rtmp}/live/${program}`,
    { clock: systemClock },
    {
      packet: ({ payload }) => {
        received += payload.length;
      },
      data: () => {},
    },
  );
  void player.closed.then(() => {
    if (!isOver) readersLost += 1;
  });
}

function requestFlv(program: string): Socket {
  const socket = connect(PORTS.http, '127.0.0.1');
  socket.write(`GET /live/${program}.flv HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  socket.on('error', () => {});
  return socket;
}

function readFlv(program: string): void {
  const socket = requestFlv(program);
  socket.on('data', (data) => {
    received += data.length;
  });
  socket.on('close', () => {
    if (!isOver) readersLost += 1;
  });
}

/** Asks for a stream and never reads it; comes again whenever the host has had enough. */
function doNotRead(program: string): void {
  const socket = requestFlv(program);
  socket.pause();
  // A socket that is not read does not hear of its end either: writing finds out.
  const probe = setInterval(() => socket.write('\r\n'), 1_000);
  socket.on('close', () => {
    clearInterval(probe);
    if (isOver) return;
    nonReadersClosed += 1;
    doNotRead(program);
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

async function main(): Promise<void> {
  await makePaddedClip(clip, { width: 1280, height: 720, gopSeconds: 2 });
  const key = { env: 'SOAK_KEY' };
  writeFileSync(
    config,
    JSON.stringify({
      masters: ['camera1', 'camera2', 'camera3'].map((name) => ({
        name,
        key: { file: join(directory, `${name}.key`) },
      })),
      backups: [{ name: 'spare', key }],
      rtmp: { port: PORTS.rtmp },
      http: { port: PORTS.http },
      control: { port: PORTS.control },
    }),
  );
  for (const name of ['camera1', 'camera2', 'camera3']) writeFileSync(join(directory, `${name}.key`), KEY);
  run('host', ['run', '--config', config, '--log-format', 'json', '--log-level', 'warn']);
  await serving(() => true);
  for (const input of INPUTS) publish(input);
  await serving(({ programs }) => programs.every(({ onAir }) => onAir?.startsWith('master/') === true));

  const programs = ['camera1', 'camera2', 'camera3'];
  for (let i = 0; i < READERS; i += 1) {
    const program = programs[i % programs.length] as string;
    if (i % 2 === 0) await readRtmp(program);
    else readFlv(program);
  }
  for (let i = 0; i < NON_READERS; i += 1) doNotRead(programs[i] as string);

  console.log(`Node ${process.version}, ${arch()}, ${cpus()[0]?.model ?? 'unknown'}; ${MINUTES} minutes`);
  console.log(
    'minute  resident MB  heap MB  buffers MB  warm MB  viewers  received Mbit/s  skips  non-readers closed',
  );
  const residents: number[] = [];
  const samples = Math.max(4, Math.round((MINUTES * 60_000) / SAMPLE_MS));
  let before = received;
  for (let sample = 1; sample <= samples; sample += 1) {
    if (sample === Math.floor(samples / 2))
      for (const name of INPUTS.slice(0, 3)) children.get(name)?.kill('SIGKILL');
    if (sample === Math.floor(samples / 2) + 1) for (const name of INPUTS.slice(0, 3)) publish(name);
    await pause(SAMPLE_MS);
    const { memory, inputs, programs: shown } = await state();
    residents.push(memory.residentBytes);
    const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
    console.log(
      [
        ((sample * SAMPLE_MS) / 60_000).toFixed(1),
        megabytes(memory.residentBytes),
        megabytes(memory.heapBytes),
        megabytes(memory.bufferBytes),
        megabytes(sum(inputs.map(({ warmBytes }) => warmBytes))),
        sum(shown.map(({ viewers }) => viewers)),
        (((received - before) * 8) / 1e6 / (SAMPLE_MS / 1_000)).toFixed(1),
        sum(shown.map(({ viewerSkips }) => viewerSkips)),
        nonReadersClosed,
        shown.map(({ onAir }) => onAir).join(' '),
      ].join('\t'),
    );
    before = received;
  }
  isOver = true;
  const half = Math.floor(residents.length / 2);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const first = mean(residents.slice(1, half));
  const second = mean(residents.slice(half));
  console.log(
    `resident, mean of the first half ${megabytes(first)} MB, of the second ${megabytes(second)} MB, ` +
      `grown by ${(((second - first) / first) * 100).toFixed(1)} %; readers lost: ${readersLost}`,
  );
}

try {
  await main();
} finally {
  for (const child of children.values()) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
