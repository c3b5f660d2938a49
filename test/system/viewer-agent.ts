/**
 * Many viewers in one process: `node --import tsx test/system/viewer-agent.ts` plays what it is told to on stdin
 * (viewer-protocol.ts), notes every packet, and ends with stdin.
 */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { type PlayedStream, playStream } from '../../runtime/cli/stream-source.ts';
import { ViewerReporter } from '../../runtime/cli/viewer-report.ts';
import { asSpliceCuePoint } from '../../runtime/codec/data-message.ts';
import type { MediaPacket } from '../../runtime/media/packet.ts';
import { withParameterSets } from '../../runtime/media/parameter-sets.ts';
import { systemClock } from '../../runtime/system-clock.ts';
import type { SeenPacket, ViewerAnswer, ViewerRequest, WatchedReport } from './viewer-protocol.ts';

const CTS_BYTES = 3;
/** Some minutes of one program. More is forgotten, the oldest first. */
const MAX_PACKETS = 20_000;
/** What was on air when a viewer joined is not announced to it. */
const BEFORE_JOINING = 'on air before';

class Watched {
  readonly viewer: string;
  private stream: PlayedStream | null = null;
  private reporter = new ViewerReporter(systemClock.now());
  private endedAt: number | null = null;
  private ended: string | null = null;
  private seen: SeenPacket[] = [];
  /** The last header of each track: a new report must know what its first frames are decoded with. */
  private readonly headers = new Map<string, MediaPacket>();
  /** The last frame of each track: a new report must see the step from it. */
  private readonly frames = new Map<string, { packet: MediaPacket; wall: number }>();

  constructor(viewer: string) {
    this.viewer = viewer;
  }

  async start(url: string): Promise<void> {
    const stream = await playStream(url, systemClock, {
      packet: (packet) => this.packet(packet),
      data: (name, value) => {
        this.reporter.data(name, value, systemClock.now());
        const cuePoint = asSpliceCuePoint(name, value);
        if (cuePoint === null) return;
        const { source, timestamp } = cuePoint;
        this.note('data', { timestamp, cts: 0, keyframe: false }, Buffer.from(source));
      },
    });
    this.stream = stream;
    void stream.closed.then((reason) => {
      this.ended = reason;
      this.endedAt = systemClock.now();
    });
  }

  stop(): void {
    this.stream?.close();
  }

  mark(): void {
    const source = this.reporter.source ?? BEFORE_JOINING;
    this.reporter = new ViewerReporter(systemClock.now());
    this.reporter.source = source;
    for (const header of this.headers.values()) this.reporter.packet(header, systemClock.now());
    for (const { packet, wall } of this.frames.values()) this.reporter.packet(packet, wall);
    this.seen = [];
  }

  report(): WatchedReport {
    // A stream that has ended is silent from then on, which is told by `ended` and not by a gap.
    const report = this.reporter.summary(this.endedAt ?? systemClock.now());
    return { viewer: this.viewer, ended: this.ended, report };
  }

  packets(): readonly SeenPacket[] {
    return this.seen;
  }

  private packet(packet: MediaPacket): void {
    this.reporter.packet(packet, systemClock.now());
    if (packet.track === 'data' || packet.track === 'extra') return;
    if (packet.config !== null) this.headers.set(packet.track, packet);
    else this.frames.set(packet.track, { packet, wall: systemClock.now() });
    this.note(
      packet.config === null ? packet.track : `${packet.track}-header`,
      packet,
      this.comparable(packet),
    );
  }

  /** With its parameter sets, which viewers of FLV get in keyframes and those of RTMP do not; and without its CTS. */
  private comparable(packet: MediaPacket): Buffer {
    const config = this.headers.get('video')?.config;
    const isWhole = !packet.keyframe || packet.track !== 'video' || config?.track !== 'video';
    const payload = isWhole ? packet.payload : withParameterSets(packet, config);
    return withoutCts({ payload, ctsOffset: packet.ctsOffset });
  }

  private note(
    kind: SeenPacket['kind'],
    { timestamp, cts, keyframe }: Pick<MediaPacket, 'timestamp' | 'cts' | 'keyframe'>,
    payload: Buffer,
  ): void {
    const hash = createHash('sha1').update(payload).digest('base64url').slice(0, 12);
    this.seen.push({ kind, time: timestamp, cts, keyframe, hash, wall: Math.round(systemClock.now()) });
    if (this.seen.length > MAX_PACKETS) this.seen.shift();
  }
}

/** The program writes its own CTS into the payload: it is compared by itself. */
function withoutCts({ payload, ctsOffset }: Pick<MediaPacket, 'payload' | 'ctsOffset'>): Buffer {
  if (ctsOffset === -1) return payload;
  const copy = Buffer.from(payload);
  copy.fill(0, ctsOffset, ctsOffset + CTS_BYTES);
  return copy;
}

const all = new Map<string, Watched>();

async function answer(request: ViewerRequest): Promise<object> {
  switch (request.do) {
    case 'start': {
      const watched = new Watched(request.viewer);
      await watched.start(request.url);
      all.set(request.viewer, watched);
      return {};
    }
    case 'stop':
      all.get(request.viewer)?.stop();
      all.delete(request.viewer);
      return {};
    case 'mark':
      for (const watched of all.values()) watched.mark();
      return {};
    case 'report':
      return { viewers: [...all.values()].map((watched) => watched.report()) };
    case 'packets':
      return { packets: all.get(request.viewer)?.packets() ?? [] };
  }
}

function say(line: ViewerAnswer): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const requests = createInterface({ input: process.stdin });
requests.on('line', (line) => {
  const request: ViewerRequest & { id: number } = JSON.parse(line);
  const { id } = request;
  answer(request).then(
    (result) => say({ id, ...result }),
    (error: unknown) => say({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
requests.on('close', () => process.exit(0));
