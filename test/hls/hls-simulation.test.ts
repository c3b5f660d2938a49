/** Three hosts package one program in simulated time, through 50 switches: each playlist is valid, and all are the same. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { HlsStream } from '../../runtime/hls/hls-stream.ts';
import type { ProgramPacket } from '../../runtime/program/program-packet.ts';
import { BACKUP, MASTER, SimulatedDeployment, type SimulatedHost } from '../relay/simulated-hosts.ts';
import { PlaylistValidator } from '../support/hls-validator.ts';

const CYCLES = 25;
const SAMPLE_MS = 100;
/** After a switch to another configuration, numbers are in step with program time again. */
const SETTLED_MS = 6_000;
const OPTIONS = { segmentMs: 2_000, partMs: 500, segments: 6, limitBytes: 1_000_000, maxWaiting: 10 };

/** A player of one host, that fetches the playlist again and again and everything in it. */
class Player {
  readonly host: SimulatedHost;
  readonly validator = new PlaylistValidator();
  /** By number, where it begins and what is in it. */
  readonly segments = new Map<number, string>();
  /** Those in force, by track. */
  readonly headers = new Map<string, ProgramPacket>();
  discontinuities = 0;
  /** How often another init segment came into force. */
  changes = 0;
  private map: string | null = null;
  private readonly stream: HlsStream;

  constructor(host: SimulatedHost, headers: Iterable<ProgramPacket> = []) {
    this.host = host;
    this.stream = new HlsStream(host.program, { ...OPTIONS, clock: host.clock, onAudience: () => {} });
    for (const packet of headers) this.stream.packet(packet);
    host.program.subscribe({
      viewers: 0,
      packet: (packet) => {
        if (packet.kind === 'header') this.headers.set(packet.track, packet);
      },
    });
  }

  look(): void {
    if (!this.stream.isReady) return;
    const { segments } = this.validator.take(this.stream.playlist('plain').toString());
    for (const { number, uri, dateTime, isDiscontinuity, map } of segments) {
      if (uri === null || this.segments.has(number)) continue;
      const { parts = [] } = this.stream.window.segment(number) ?? {};
      const hash = createHash('sha256');
      for (const { bytes } of parts) hash.update(bytes);
      this.segments.set(number, `${dateTime} ${hash.digest('hex')}`);
      if (isDiscontinuity) this.discontinuities += 1;
      if (map !== this.map) this.changes += 1;
      this.map = map;
    }
  }
}

class Site extends SimulatedDeployment {
  readonly players = this.hosts.map((host) => new Player(host));
  /** One that begins to package in mid-stream. */
  readonly late: Player[] = [];

  /** It is told the headers in force, as a program that wakes tells them. */
  addLatePlayer(): void {
    const [, , edge] = this.players;
    if (edge === undefined) throw new Error('there is no third host');
    this.late.push(new Player(edge.host, edge.headers.values()));
  }

  override run(ms: number): void {
    for (let passed = 0; passed < ms; passed += SAMPLE_MS) {
      super.run(Math.min(SAMPLE_MS, ms - passed));
      for (const player of [...(this.players ?? []), ...(this.late ?? [])]) player.look();
    }
  }
}

function loseMaster(site: Site): void {
  const how = site.random.pick(['unpublish', 'paused', 'dropping', 'backlogged'] as const);
  const master = site.encoder(MASTER);
  if (how === 'unpublish') master.disconnect();
  else master.frozen = how;
}

describe('HLS of one program on three hosts', () => {
  it.each([1, 2])('is valid through 50 switches, and the same everywhere (seed %i)', (seed) => {
    const site = new Site({ seed, linkMs: 80, jitterMs: 20 });
    site.everybodyShows(MASTER);
    site.run(8_000);
    const firstCommon = Math.ceil(site.clock.now() / OPTIONS.segmentMs);
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      loseMaster(site);
      site.everybodyShows(BACKUP);
      site.run(site.random.whole(1_000, 6_000));
      const master = site.encoder(MASTER);
      master.frozen = null;
      if (!master.isConnected) site.connect(MASTER);
      site.everybodyShows(MASTER);
      site.run(site.random.whole(3_000, 8_000));
      if (cycle === CYCLES / 5) {
        site.run(SETTLED_MS);
        site.addLatePlayer();
        site.run(SETTLED_MS);
      }
    }
    const [one, ...others] = site.players;
    const figures = site.players.map(({ validator, segments, changes }) => ({
      playlists: validator.playlists,
      segments: segments.size,
      changes,
    }));
    process.stdout.write(`seed ${seed}: ${JSON.stringify(figures)}\n`);
    for (const { validator, host, discontinuities, changes } of site.players) {
      expect(validator.violations.slice(0, 5)).toEqual([]);
      expect(validator.playlists).toBeGreaterThan(500);
      // The codec configurations of master and backup differ.
      expect(host.records.length - 1).toBeGreaterThanOrEqual(2 * CYCLES);
      expect(changes).toBeGreaterThanOrEqual(2 * CYCLES);
      // For players, one timeline all the same.
      expect(discontinuities).toBe(0);
    }
    for (const other of [...others, ...site.late]) {
      const from = Math.max(firstCommon, ...[...other.segments.keys()].slice(0, 1));
      const [expected = [], got = []] = [one, other].map((player) =>
        [...(player?.segments ?? [])].filter(([number]) => number >= from),
      );
      const count = Math.min(expected.length, got.length);
      expect(count).toBeGreaterThan(100);
      expect(got.slice(0, count)).toEqual(expected.slice(0, count));
    }
  });
});
