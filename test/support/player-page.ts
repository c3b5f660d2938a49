/** What runs in the page of the browser tests: hls.js and mpegts.js, and a watch on each of their video elements. */
import Hls, { type HlsConfig } from 'hls.js';
import mpegtsModule from 'mpegts.js';
import { barPhase } from './clip-phase.ts';
import {
  type MediaElement,
  type PlaybackReport,
  PlaybackWatch,
  type VideoElement,
  watchClock,
} from './playback-watch.ts';

interface AnyPlayer {
  readonly name: string;
  readonly url: string;
}

export interface HlsPlayer extends AnyPlayer {
  readonly kind: 'hls';
  readonly config: Partial<Pick<HlsConfig, 'liveSyncDuration' | 'maxLiveSyncPlaybackRate'>>;
}

export interface FlvPlayer extends AnyPlayer {
  readonly kind: 'flv';
  /** Plays when so much is there. */
  readonly bufferMs: number;
}

/** How far behind its encoder a player of HLS is. */
export interface Latency {
  /** By the date of what it plays, ms. */
  readonly byDateMs: number;
  /** As hls.js tells it: behind the end of the playlist, ms. */
  readonly byPlaylistMs: number;
  /** What the picture that is shown says (clip-phase.ts), and when that was, ms since the epoch. */
  readonly picture: { readonly phase: number | null; readonly atMs: number };
}

/** What the page offers to a test. */
export interface PlayerPage {
  /** Resolves when playback has gone on for a second; it is watched from then on. */
  play(player: HlsPlayer | FlvPlayer): Promise<void>;
  report(name: string): PlaybackReport;
  /** What hls.js has said last, and the playlists that it has read: to understand what a test has seen. */
  log(name: string): readonly string[];
  latency(name: string): Latency;
  pause(name: string, ms: number): Promise<void>;
  /** Keeps the page from all else. */
  block(ms: number): void;
  /** How long a sound that is all there stood still: what the machine does by itself, ms. */
  machineStillMs(): number;
}

declare const document: {
  readonly body: { append(element: object): void };
  createElement(name: 'video'): VideoElement;
  createElement(name: 'audio'): MediaElement;
};

/** Its types have another shape than it has. */
const mpegts = mpegtsModule as unknown as {
  readonly Events: { readonly ERROR: string };
  createPlayer(
    source: { readonly type: 'flv'; readonly isLive: true; readonly url: string },
    config: { readonly isLive: true; readonly enableStashBuffer: false },
  ): {
    attachMediaElement(video: VideoElement): void;
    load(): void;
    on(event: string, listener: (...what: unknown[]) => void): void;
  };
};

const WARM_UP_SECONDS = 1;
const LOG_LINES = 3_000;
/** Of a playlist: its end. */
const PLAYLIST_CHARACTERS = 1_500;
const POLL_MS = 10;

const videos = new Map<string, VideoElement>();
const watches = new Map<string, PlaybackWatch>();
const hlsPlayers = new Map<string, Hls>();
const logs = new Map<string, string[]>();
const machine = watchClock(playSilence());

async function play(player: HlsPlayer | FlvPlayer): Promise<void> {
  const { name } = player;
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  videos.set(name, video);
  const note = (what: string): void => watches.get(name)?.error(what);
  if (player.kind === 'hls') startHls(video, player, note);
  else startFlv(video, player, note);
  const wantedSeconds = player.kind === 'hls' ? 0 : player.bufferMs / 1_000;
  await until(() => video.buffered.length > 0 && lengthOf(video) >= wantedSeconds);
  await video.play();
  const { currentTime } = video;
  await until(() => video.currentTime > currentTime + WARM_UP_SECONDS);
  watches.set(name, new PlaybackWatch(video));
}

function startHls(video: VideoElement, { name, url, config }: HlsPlayer, note: (what: string) => void): void {
  const log = logOf(name, video);
  const hls = new Hls({
    ...config,
    debug: { trace: log, debug: log, log, info: log, warn: log, error: log },
  });
  hlsPlayers.set(name, hls);
  hls.on(Hls.Events.LEVEL_LOADED, (_event, { networkDetails }) => {
    const text = (networkDetails as { readonly responseText?: string } | null)?.responseText;
    log('the playlist ends:', text?.slice(-PLAYLIST_CHARACTERS).replaceAll('\n', ' | '));
  });
  hls.on(Hls.Events.ERROR, (_event, { details, error }) => note(`${details} (${error?.message})`));
  hls.loadSource(url);
  hls.attachMedia(video as unknown as Parameters<Hls['attachMedia']>[0]);
}

function logOf(name: string, video: VideoElement): (...what: unknown[]) => void {
  const lines: string[] = [];
  logs.set(name, lines);
  return (...what) => {
    lines.push(
      `${Math.round(performance.now())} ms, at ${video.currentTime.toFixed(3)}: ${what.map(String).join(' ')}`,
    );
    if (lines.length > LOG_LINES) lines.shift();
  };
}

function startFlv(video: VideoElement, { url }: FlvPlayer, note: (what: string) => void): void {
  const player = mpegts.createPlayer(
    { type: 'flv', isLive: true, url },
    { isLive: true, enableStashBuffer: false },
  );
  player.on(mpegts.Events.ERROR, (...what) => note(JSON.stringify(what)));
  player.attachMediaElement(video);
  player.load();
}

function lengthOf({ buffered }: VideoElement): number {
  return buffered.end(0) - buffered.start(0);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pauseFor(POLL_MS);
}

function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A sound that needs no network and next to no decoding: ten minutes of zeros as a WAV file. */
function playSilence(): MediaElement {
  const rate = 8_000;
  const samples = new Uint8Array(600 * rate);
  const head = new DataView(new ArrayBuffer(44));
  const write = (at: number, text: string) =>
    [...text].forEach((character, index) => {
      head.setUint8(at + index, character.charCodeAt(0));
    });
  write(0, 'RIFF');
  head.setUint32(4, 36 + samples.length, true);
  write(8, 'WAVEfmt ');
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true); // PCM
  head.setUint16(22, 1, true); // channels
  head.setUint32(24, rate, true);
  head.setUint32(28, rate, true);
  head.setUint16(32, 1, true);
  head.setUint16(34, 8, true); // bits
  write(36, 'data');
  head.setUint32(40, samples.length, true);
  const audio = document.createElement('audio');
  audio.src = URL.createObjectURL(new Blob([head.buffer, samples.fill(0x80)], { type: 'audio/wav' }));
  void audio.play();
  return audio;
}

function known<T>(players: ReadonlyMap<string, T>, name: string): T {
  const player = players.get(name);
  if (player === undefined) throw new Error(`no player ${name}`);
  return player;
}

const page: PlayerPage = {
  play,
  report: (name) => known(watches, name).report,
  log: (name) => logs.get(name) ?? [],
  latency: (name) => {
    const hls = known(hlsPlayers, name);
    const atMs = Date.now();
    return {
      byDateMs: atMs - (hls.playingDate?.getTime() ?? Number.NaN),
      byPlaylistMs: 1_000 * hls.latency,
      picture: { phase: barPhase(known(videos, name)), atMs },
    };
  },
  pause: async (name, ms) => {
    const video = known(videos, name);
    video.pause();
    await pauseFor(ms);
    await video.play();
  },
  block: (ms) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
  machineStillMs: () => Math.round(machine.longestStillMs),
};

Object.assign(globalThis, { page });
