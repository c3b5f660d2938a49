import type { AddressInfo } from 'node:net';
import type { MediaPacket, Metadata } from '../../runtime/media/packet.ts';
import { createHttpServer } from '../../runtime/output/http-server.ts';
import { rtmpFormat } from '../../runtime/output/packet-format.ts';
import { RtmpServer } from '../../runtime/rtmp/server.ts';
import { refusal } from '../../runtime/rtmp/server-handler.ts';
import { audio, LIMITS, realConfigs, Stage, splice, video } from '../output/stage.ts';
import { WaitingFakeClock } from './waiting-clock.ts';

const FRAME_MS = 40;
const GOP_FRAMES = 25;

/** A server with one program, `live/camera1`, that the test plays, and one input, `master/camera1`, with the key `key`. */
export class Studio {
  readonly clock = new WaitingFakeClock();
  readonly stage = new Stage(LIMITS, this.clock);
  readonly packets: MediaPacket[] = [];
  readonly publishes: Array<{ path: string; key: string | undefined }> = [];
  metadata: Metadata | null = null;
  /** How many publishers are turned away, whatever their key. */
  refusesPublishers = 0;
  /** The program stands still. */
  isSilent = false;
  rtmpPort = 0;
  /** The queries of those who have played over RTMP. */
  readonly playedWith: Array<Record<string, string>> = [];
  httpPort = 0;
  /** The frame at 0 is sent with the headers. */
  private nextMs = FRAME_MS;
  private frames = 1;
  private closePublisher: (reason: string) => void = () => {};
  private readonly rtmp: RtmpServer;
  private readonly http: ReturnType<typeof createHttpServer>;

  constructor() {
    this.rtmp = new RtmpServer({
      clock: this.clock,
      limits: {
        connections: 10,
        connectionsPerAddress: 10,
        handshakes: 10,
        strangersBytes: 1_000_000,
        handshakeTimeoutMs: 60_000,
        idleTimeoutMs: 60_000,
        messageBytes: 1_000_000,
        publisherKbps: 100_000,
      },
      onClosed: () => {},
      onLimit: () => {},
      handler: {
        connect: () => null,
        publish: ({ app, name, query }, publisher) => {
          this.publishes.push({ path: `${app}/${name}`, key: query.get('key') });
          this.refusesPublishers -= 1;
          if (this.refusesPublishers >= 0 || query.get('key') !== 'key') {
            return refusal('NetStream.Publish.Denied', `wrong key for ${app}/${name}`);
          }
          this.closePublisher = (reason) => publisher.close(reason);
          return {
            packet: (packet) => this.packets.push(packet),
            metadata: (metadata) => {
              this.metadata = metadata;
            },
            end: () => {},
          };
        },
        play: ({ name, query }, viewer) => {
          this.playedWith.push(Object.fromEntries(query));
          if (name !== 'camera1') return refusal('NetStream.Play.StreamNotFound', `there is no live/${name}`);
          let leave = (): void => {};
          return {
            start: () => {
              ({ leave } = this.stage.feed.join(viewer, rtmpFormat(viewer.messageStreamId)));
            },
            stop: () => leave(),
          };
        },
      },
    });
    this.http = createHttpServer({
      clock: this.clock,
      feedOf: (program) => (program === 'camera1' ? this.stage.feed : undefined),
      playRefusal: () => null,
      viewerRefusal: () => null,
      isDraining: () => false,
      onViewer: () => {},
    });
  }

  async open(): Promise<this> {
    this.rtmpPort = await this.rtmp.listen(0, '127.0.0.1');
    await this.http.listen({ port: 0, host: '127.0.0.1' });
    this.httpPort = (this.http.server.address() as AddressInfo).port;
    this.stage.goOnAir(realConfigs());
    return this;
  }

  async close(): Promise<void> {
    this.stage.feed.close('the studio closes');
    await Promise.all([this.rtmp.close('the studio closes'), this.http.close()]);
  }

  /** Sends the frames that are due: 25 a second, a keyframe each second. To be called as time passes. */
  readonly play = (): void => {
    for (; this.nextMs <= this.elapsedMs; this.nextMs += FRAME_MS) {
      if (this.isSilent) continue;
      this.stage.turn(video(this.nextMs, this.frames % GOP_FRAMES === 0), audio(this.nextMs));
      this.frames += 1;
    }
  };

  /** The program changes its source; what comes next is a keyframe. */
  splice(source: string): void {
    this.stage.turn(splice(this.nextMs, source));
    this.frames = 0;
  }

  /** Media that is missing: the timeline goes on behind it. */
  lose(ms: number): void {
    this.nextMs += ms;
    this.clock.freeze(ms);
  }

  /** Asks publishers to connect anew, those that have said that they do. */
  askToReconnect(): void {
    this.rtmp.requestReconnect('publisher', 'the studio moves');
  }

  endPublisher(reason: string): void {
    this.closePublisher(reason);
  }

  private get elapsedMs(): number {
    return this.clock.now() - this.startedAt;
  }

  private readonly startedAt = this.clock.now();
}
