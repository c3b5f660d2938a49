import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AmfObject } from '../codec/amf0.ts';
import type { Extensions } from '../codec/media-message.ts';
import type { MediaPacket, Metadata } from '../media/packet.ts';

/** What the RTMP server asks of whoever owns the inputs and the programs. All calls are synchronous. */
export interface ServerHandler {
  /** A client wants to connect to an application; the request names no stream yet. */
  connect(request: StreamRequest, address: string): Refusal | null;
  publish(request: StreamRequest, publisher: Peer): Publication | Refusal;
  /** `extensions`: what the viewer has said that it can take. */
  play(request: StreamRequest, viewer: Viewer, extensions: Extensions): Playback | Refusal;
}

export interface StreamRequest {
  readonly app: string;
  readonly name: string;
  /** The client means to log in with a user and a password. */
  readonly isLogin: boolean;
  /** The query of the stream name, and that of the application where the former does not say otherwise. */
  readonly query: ReadonlyMap<string, string>;
}

/** Why a request is not granted. `code` is an RTMP status code, `description` is sent with it and logged. */
export interface Refusal {
  readonly refused: true;
  readonly code: string;
  readonly description: string;
}

/** The other end of a connection. */
export interface Peer {
  /** Address and port, for logs. */
  readonly address: string;
  close(reason: string): void;
}

/** A publish that was granted: where the session delivers what it receives. */
export interface Publication {
  /** Fields that go with the acceptance, beside those of every status. */
  readonly startInfo?: AmfObject;
  packet(packet: MediaPacket): void;
  metadata(metadata: Metadata): void;
  /** Called once, however the publish ends. */
  end(reason: string): void;
}

/** A play that was granted. */
export interface Playback {
  /** The client has its answers; media may follow. */
  start(): void;
  /** What the client wants from now on; null: nothing, while it pauses. Not there: it gets everything. */
  select?(tracks: TrackChoice | null): void;
  /** Called once, however the play ends. */
  stop(reason: string): void;
}

export interface TrackChoice {
  readonly video: boolean;
  readonly audio: boolean;
}

/** A playing client: takes bytes that are already in chunks. */
export interface Viewer extends Peer {
  readonly messageStreamId: number;
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly pendingBytes: number;
  write(bytes: Buffer): void;
  /** What it plays was not on air when it came, and is now. Called before the first bytes. */
  onAir(): void;
  /**
   * Offers the socket to somebody else, who returns what stands for it from then on, or null and leaves it as it is. To be
   * called when the turn is over in which the client has asked: its answers leave with that.
   */
  offerSocket(take: (socket: Socket) => Duplex | null): void;
}

/** Refusals by name, so that all say the same for the same mistake. */
export function refusal(code: string, description: string): Refusal {
  return { refused: true, code, description };
}
