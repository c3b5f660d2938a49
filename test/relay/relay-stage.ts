import { decodeData } from '../../runtime/codec/data-message.ts';
import { parseAudio, parseVideo } from '../../runtime/codec/media-header.ts';
import { parseMedia } from '../../runtime/codec/media-message.ts';
import { Input, type InputPosition } from '../../runtime/input/input.ts';
import { type InputPacket, programTime } from '../../runtime/input/input-packet.ts';
import { type InputPublication, InputRegistry, type RelayPublication } from '../../runtime/input/registry.ts';
import { type CodecConfig, isHeader, type MediaPacket } from '../../runtime/media/packet.ts';
import { wrapTimestamp } from '../../runtime/media/timestamp.ts';
import { RelayFeed } from '../../runtime/relay/relay-feed.ts';
import type { RelayLimits, RelaySink } from '../../runtime/relay/relay-queue.ts';
import { RelayReceiver } from '../../runtime/relay/relay-receiver.ts';
import { ChunkReader } from '../../runtime/rtmp/chunk-reader.ts';
import { encodeMessage, OUT_CHUNK_SIZE } from '../../runtime/rtmp/chunk-writer.ts';
import { controlMessage, decodeMessage } from '../../runtime/rtmp/message.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE, MessageType } from '../../runtime/rtmp/wire.ts';
import { AVC_PPS, AVC_SPS, aacConfigs, avcRecord } from '../golden/codec-configs.ts';
import { FakeClock } from '../support/fake-clock.ts';

export const NAME = 'master/camera1';
export const LIMITS: RelayLimits = { queueLimitBytes: 1_000_000, stuckTimeoutMs: 10_000 };
export const STALL_TIMEOUT_MS = 500;

const READER_LIMITS = { maxMessageBytes: 8_388_608, maxBufferedBytes: 16_777_216, maxChunkStreams: 8 };

/** Sequence headers that parse, told apart by `variant`. */
export function videoConfig(variant = 0): CodecConfig {
  const pps = Buffer.concat([AVC_PPS, Buffer.from([variant])]);
  const body = Buffer.concat([Buffer.from([0x17, 0, 0, 0, 0]), avcRecord([AVC_SPS], [pps])]);
  return configOf(parseVideo(body, 0));
}

export function audioConfig(rate: 'lc48' | 'lc44' = 'lc48'): CodecConfig {
  const bytes = rate === 'lc48' ? aacConfigs.lc48.bytes : Buffer.from([0x12, 0x10]);
  return configOf(parseAudio(Buffer.concat([Buffer.from([0xaf, 0]), bytes]), 0));
}

function configOf(packet: MediaPacket | null): CodecConfig {
  if (packet?.config == null) throw new Error('the sample is no sequence header');
  return packet.config;
}

export function headerOf(config: CodecConfig): MediaPacket {
  const { track, payload } = config;
  return { track, timestamp: 0, cts: 0, ctsOffset: -1, keyframe: false, config, payload };
}

export function dataPacket(payload: Buffer): MediaPacket {
  return { track: 'data', timestamp: 0, cts: 0, ctsOffset: -1, keyframe: false, config: null, payload };
}

export function createInput(
  name: string,
  options: { isRemote?: boolean; onHealth?: () => void } = {},
): Input {
  return new Input({
    name,
    kind: name.startsWith('backup/') ? 'backup' : 'master',
    isRemote: options.isRemote ?? false,
    policy: { stallTimeoutMs: STALL_TIMEOUT_MS, degradedAfterMs: 2_000, floor: {} },
    warmBuffer: { limitBytes: 8_000_000, limitMs: 20_000 },
    events: { health: () => options.onHealth?.(), reanchored: () => {} },
  });
}

/** What one end holds of a packet: where it stands, its number and its bytes. Headers have no place. */
export function noted({ packet, dts, anchor, sequence }: InputPacket): string {
  const { extra, modEx } = packet;
  const beside = extra === undefined ? '' : ` ${extra.medium} ${extra.trackId}`;
  const modified = modEx === undefined ? '' : ` ${modEx.toString('hex')}`;
  const what = `${packet.track}${beside}${modified}${packet.keyframe ? ' key' : ''} ${packet.payload.toString('hex')}`;
  return isHeader(packet) ? what : `#${sequence} ${programTime({ packet, dts, anchor, sequence })} ${what}`;
}

/** Reads the bytes of a relay as a host that pulls it does. */
export function relayReader(receiver: RelayReceiver): ChunkReader {
  const reader = new ChunkReader(READER_LIMITS, (raw) => {
    for (const message of decodeMessage(raw)) {
      if (message.type === 'video' || message.type === 'audio') {
        const { type, payload, timestamp } = message;
        for (const packet of parseMedia(type, payload, timestamp)) receiver.packet(packet);
      } else if (message.type === 'data') {
        const data = decodeData(message.payload);
        if (data !== null) receiver.data(data.name, data.value, dataPacket(message.payload));
      }
    }
  });
  const chunkSize = controlMessage(MessageType.setChunkSize, OUT_CHUNK_SIZE);
  reader.push(encodeMessage(ChunkStreamId.control, chunkSize, DEFAULT_CHUNK_SIZE));
  return reader;
}

/** A host elsewhere, and the connection to it: a sink for a feed, whose bytes are read as a host reads them. */
export class RemoteEnd implements RelaySink {
  readonly address = '192.0.2.1:1935';
  readonly messageStreamId: number;
  readonly input: Input;
  readonly registry: InputRegistry;
  readonly log: string[] = [];
  /** In order: `mark EPOCH #SEQUENCE DTS OFFSET`, `health HEALTH`, `header TRACK`, `metadata`, `#SEQUENCE`. */
  readonly wire: string[] = [];
  readonly written: Buffer[] = [];
  readonly closedWith: string[] = [];
  pendingBytes = 0;
  /** Nothing is taken any more: what is written stays pending, and arrives when it is drained. */
  isStuck = false;
  private held: Buffer[] = [];
  private reader: ChunkReader;
  private publication: RelayPublication;

  constructor(clock: FakeClock, messageStreamId = 1) {
    this.messageStreamId = messageStreamId;
    this.input = createInput(NAME, { isRemote: true });
    this.input.subscribe({ packet: (p) => this.log.push(noted(p)), metadata: () => {} });
    this.registry = new InputRegistry({
      inputs: [this.input],
      clock,
      isKeyRight: () => true,
      events: { published: () => {}, unpublished: () => {} },
    });
    [this.reader, this.publication] = this.open();
  }

  get frames(): string[] {
    return this.log.filter((text) => text.startsWith('#'));
  }

  get bytes(): number {
    return this.written.reduce((sum, { length }) => sum + length, 0);
  }

  /** The connection is broken, and another one made. */
  reconnect(): InputPosition {
    this.publication.end('reset');
    this.held = [];
    this.pendingBytes = 0;
    [this.reader, this.publication] = this.open();
    return this.input.position;
  }

  end(reason = 'reset'): void {
    this.publication.end(reason);
  }

  write(bytes: Buffer): void {
    this.written.push(bytes);
    if (!this.isStuck) {
      this.reader.push(bytes);
      return;
    }
    this.held.push(bytes);
    this.pendingBytes += bytes.length;
  }

  close(reason: string): void {
    this.closedWith.push(reason);
  }

  drain(): void {
    for (const bytes of this.held.splice(0)) this.reader.push(bytes);
    this.pendingBytes = 0;
  }

  private open(): [ChunkReader, RelayPublication] {
    const publication = this.registry.attachRelay(this.input, { address: 'relay', close: () => {} });
    const receiver = new RelayReceiver({
      ...publication,
      mark: (mark) => {
        this.wire.push(`mark ${mark.epoch} #${mark.sequence} ${mark.dts} ${mark.offset}`);
        publication.mark(mark);
      },
      health: (told) => {
        this.wire.push(`health ${told.health}`);
        publication.health(told);
      },
      metadata: (metadata) => {
        this.wire.push('metadata');
        publication.metadata(metadata);
      },
      packet: (packet, sequence) => {
        this.wire.push(packet.config === null ? `#${sequence}` : `header ${packet.track}`);
        publication.packet(packet, sequence);
      },
    });
    const reader = relayReader(receiver);
    return [reader, publication];
  }
}

/** Frames of 25 pictures a second with a GOP of one second, and sound every 20 ms; every payload is its own. */
export interface Shape {
  readonly video?: boolean;
  readonly audio?: boolean;
  readonly bFrames?: boolean;
  readonly frameBytes?: number;
  readonly firstTimestamp?: number;
  readonly driftPpm?: number;
}

const STEP_MS = 20;
const FRAME_STEPS = 2;
const GOP_STEPS = 50;

/** The host that owns an input, an encoder that publishes to it, and its feed to others. */
export class OwnerStage {
  readonly clock = new FakeClock();
  readonly input: Input;
  readonly feed: RelayFeed;
  readonly log: string[] = [];
  lateMs = 0;
  isFrozen = false;
  private shape: Shape = {};
  private publication: InputPublication | null = null;
  private readonly registry: InputRegistry;
  private ownMs = 0;
  private steps = 0;
  private serial = 0;

  constructor(limits: RelayLimits = LIMITS) {
    this.input = createInput(NAME, { onHealth: () => this.feed.healthChanged() });
    this.input.subscribe({ packet: (p) => this.log.push(noted(p)), metadata: () => {} });
    this.feed = new RelayFeed({ input: this.input, clock: this.clock, limits });
    this.registry = new InputRegistry({
      inputs: [this.input],
      clock: this.clock,
      isKeyRight: () => true,
      events: { published: () => {}, unpublished: () => {} },
    });
  }

  get frames(): string[] {
    return this.log.filter((text) => text.startsWith('#'));
  }

  publish(shape: Shape = {}): this {
    this.shape = shape;
    this.steps = 0;
    this.ownMs = shape.firstTimestamp ?? 0;
    this.publication = this.registry.attach(this.input, { address: 'encoder', close: () => {} });
    this.publication.metadata({ width: 640 });
    if (shape.video !== false) this.send(headerOf(videoConfig()));
    if (shape.audio !== false) this.send(headerOf(audioConfig()));
    return this;
  }

  unpublish(): this {
    this.publication?.end('closed by peer');
    this.publication = null;
    return this;
  }

  send(packet: MediaPacket): void {
    this.publication?.packet(packet);
  }

  /** The encoder's timestamps go on from somewhere else. */
  shift(byMs: number): this {
    this.ownMs += byMs;
    return this;
  }

  join(
    remote = new RemoteEnd(this.clock),
    have: InputPosition | null = null,
  ): RemoteEnd & { leave: () => void } {
    const { queue, leave } = this.feed.join(remote, have);
    return Object.assign(remote, { leave, queue });
  }

  run(ms: number): this {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(STEP_MS);
      if (!this.isFrozen) this.deliver();
      // All of one step arrives in one turn.
      this.clock.advance(0);
      this.input.evaluate(this.clock.now());
    }
    return this;
  }

  private deliver(): void {
    const { video = true, audio = true, bFrames = false, frameBytes = 12, driftPpm = 0 } = this.shape;
    this.ownMs += STEP_MS * (1 + driftPpm / 1e6);
    const timestamp = wrapTimestamp(Math.round(this.ownMs) - this.lateMs);
    if (audio) {
      const payload = this.numbered(Buffer.from([0xaf, 1, 0, 0, 0, 0]), 2);
      this.send({ track: 'audio', timestamp, cts: 0, ctsOffset: -1, keyframe: false, config: null, payload });
    }
    if (video && this.steps % FRAME_STEPS === 0) {
      const keyframe = this.steps % GOP_STEPS === 0;
      const cts = bFrames ? ([80, 160, 40, 0][(this.steps / FRAME_STEPS) % 4] ?? 0) : 0;
      const payload = this.numbered(Buffer.alloc(frameBytes, 0x42), 5);
      payload.set([keyframe ? 0x17 : 0x27, 1]);
      payload.writeIntBE(cts, 2, 3);
      this.send({ track: 'video', timestamp, cts, ctsOffset: 2, keyframe, config: null, payload });
    }
    this.steps += 1;
  }

  private numbered(payload: Buffer, at: number): Buffer {
    this.serial += 1;
    payload.writeUInt32BE(this.serial, at);
    return payload;
  }
}
