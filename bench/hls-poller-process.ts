/** Pollers of one HLS stream in a process of their own, as hls-pollers.ts asks for them. */
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { type Playlist, parsePlaylist } from '../test/support/hls-validator.ts';
import { type Answer, KeepAliveClient } from './keep-alive-client.ts';
import { monotonicMs } from './monotonic.ts';

export interface PollersRequest {
  readonly port: number;
  readonly program: string;
  readonly pollers: number;
  readonly mode: 'low-latency' | 'plain';
}

/** Since the last report. `askedAt`, `at`: monotonicMs. */
export interface PollersReport {
  readonly requests: number;
  readonly bytes: number;
  readonly failures: readonly string[];
  readonly cpuSeconds: number;
  /** Reloads that waited for a part: the program time at which that ends, when it was asked for, and when it came. */
  readonly reloads: ReadonlyArray<{ readonly endMs: number; readonly askedAt: number; readonly at: number }>;
}

/** All begin within it, so that those who are not of low latency come at all times. */
const BEGIN_MS = 2_000;
const MAX_FAILURES = 10;

let requests = 0;
let bytes = 0;
let failures: string[] = [];
let reloads: Array<PollersReport['reloads'][number]> = [];
let cpuBefore = process.cpuUsage();
/** Hundreds get the same playlist at once: it is read once. */
let latest: { readonly body: Buffer; readonly playlist: Playlist } | null = null;

function read(body: Buffer): Playlist {
  if (latest === null || !latest.body.equals(body)) {
    latest = { body, playlist: parsePlaylist(gunzipSync(body).toString()) };
  }
  return latest.playlist;
}

/** A player: reloads the playlist on one connection, and fetches what is new in it on another, as browsers do. */
class Poller {
  private readonly request: PollersRequest;
  private readonly playlists: KeepAliveClient;
  private readonly media: KeepAliveClient;
  private readonly fetched = new Set<string>();
  private fetching: Promise<void> = Promise.resolve();

  constructor(request: PollersRequest) {
    this.request = request;
    this.playlists = new KeepAliveClient(request.port);
    this.media = new KeepAliveClient(request.port);
  }

  async play(): Promise<void> {
    await pause(Math.random() * BEGIN_MS);
    let playlist = await this.load('');
    for (const uri of urisOf(playlist, this.request.mode)) this.fetched.add(uri);
    this.fetch(playlist.segments.at(-1)?.map ?? '');
    for (;;) {
      playlist = this.request.mode === 'plain' ? await this.reload() : await this.reloadNext(playlist);
      const wanted = urisOf(playlist, this.request.mode);
      for (const uri of wanted) if (!this.fetched.has(uri)) this.fetch(uri);
      this.fetched.clear();
      for (const uri of wanted) this.fetched.add(uri);
    }
  }

  /** hls.js without low latency: a segment's duration after the last time. */
  private async reload(): Promise<Playlist> {
    await pause(latest?.playlist.segments[0]?.durationMs ?? 0);
    return this.load('');
  }

  private async reloadNext(last: Playlist): Promise<Playlist> {
    const open = last.segments.at(-1);
    const isOpen = open?.uri === null;
    const number = (open?.number ?? 0) + (isOpen ? 0 : 1);
    const part = isOpen ? open.parts.length : 0;
    const askedAt = monotonicMs();
    const playlist = await this.load(`?_HLS_msn=${number}&_HLS_part=${part}`);
    const endMs = endOf(playlist, number, part);
    if (endMs !== null) reloads.push({ endMs, askedAt, at: monotonicMs() });
    return playlist;
  }

  private async load(query: string): Promise<Playlist> {
    const { body } = await this.get(this.playlists, `index.m3u8${query}`, 'kept');
    return read(body);
  }

  private fetch(uri: string): void {
    this.fetching = this.fetching
      .then(() => this.get(this.media, uri, 'counted'))
      .then(
        () => {},
        (error: Error) => fail(error),
      );
  }

  private async get(client: KeepAliveClient, uri: string, body: 'kept' | 'counted'): Promise<Answer> {
    const answer = await client.get(`/live/${this.request.program}/${uri}`, body);
    requests += 1;
    bytes += answer.bytes;
    if (answer.status !== 200) throw new Error(`${answer.status} for ${uri}`);
    return answer;
  }
}

function urisOf({ segments }: Playlist, mode: PollersRequest['mode']): string[] {
  return mode === 'plain'
    ? segments.flatMap(({ uri }) => uri ?? [])
    : segments.flatMap(({ parts }) => parts.map(({ uri }) => uri));
}

/** The program time at which a part ends; null where the playlist does not say. */
function endOf({ segments }: Playlist, number: number, part: number): number | null {
  const segment = segments.find((one) => one.number === number);
  const parts = segment?.parts.slice(0, part + 1) ?? [];
  if (segment?.dateTime === undefined || segment.dateTime === null || parts.length <= part) return null;
  return Date.parse(segment.dateTime) + parts.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function fail({ message }: Error): void {
  if (failures.length < MAX_FAILURES) failures.push(message);
}

function report(): PollersReport {
  const { user, system } = process.cpuUsage(cpuBefore);
  cpuBefore = process.cpuUsage();
  const said = { requests, bytes, failures, reloads, cpuSeconds: (user + system) / 1e6 };
  requests = 0;
  bytes = 0;
  failures = [];
  reloads = [];
  return said;
}

process.on('message', (message: PollersRequest | 'report') => {
  if (message === 'report') process.send?.(report());
  else for (let i = 0; i < message.pollers; i += 1) new Poller(message).play().catch(fail);
});
process.on('disconnect', () => process.exit());
