import { pino } from 'pino';
import { rtmpHandler } from '../../../runtime/host-rtmp.ts';
import { Input, type InputEvents } from '../../../runtime/input/input.ts';
import { InputRegistry } from '../../../runtime/input/registry.ts';
import { flvFormat } from '../../../runtime/output/packet-format.ts';
import { ProgramFeed } from '../../../runtime/output/program-feed.ts';
import { Director } from '../../../runtime/program/director.ts';
import { Program } from '../../../runtime/program/program.ts';
import { encodeMessage } from '../../../runtime/rtmp/chunk-writer.ts';
import { commandMessage } from '../../../runtime/rtmp/message.ts';
import { ServerConnection } from '../../../runtime/rtmp/server-connection.ts';
import { chunkStreams } from '../../golden/chunk-streams.ts';
import { conformanceCases } from '../../golden/conformance.ts';
import { mediaTags } from '../../golden/media-tags.ts';
import { rtmpMessages } from '../../golden/rtmp-messages.ts';
import {
  AUDIO_CONFIG,
  audioPacket,
  headerPacket,
  VIDEO_CONFIG,
  videoPacket,
} from '../../input/sample-packets.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeSocket } from '../../support/fake-socket.ts';
import { promise } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

// A host without its listeners: inputs, programs, feeds and the handler of its RTMP server. A publisher and a viewer of
// camera2 go on while a peer sends whatever it likes, and must not notice.

const KEYS = new Map([
  ['master/camera1', 'key-of-camera1'],
  ['master/camera2', 'key-of-camera2'],
]);
const LIMITS = {
  handshakeTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  messageBytes: 65_536,
  publisherKbps: 100_000,
};
/** What one connection may make the host hold: of messages before and after its key, and of replies. */
const MAX_STRANGER_BYTES = 2 * 64 * 1024;
const FRAME_MS = 40;
const GOP_FRAMES = 25;
/** After so many peers the host is made anew, so that what one leaves behind can meet others, and a crash stays readable. */
const PEERS_A_HOST = 500;
const HANDSHAKE = Buffer.concat([Buffer.of(3), Buffer.alloc(2 * 1_536)]);
const APPS = ['master', 'live', 'master?key=key-of-camera1', 'login/master', 'relay'];

const events: InputEvents = { health: () => {}, reanchored: () => {} };

class MiniatureHost {
  readonly clock = new FakeClock();
  peers = 0;
  private readonly inputs = [...KEYS.keys()].map((name) => newInput(name));
  private readonly programs = this.inputs.map((input) => newProgram(input));
  private readonly feeds = new Map(
    this.programs.map((program) => [
      program.name,
      new ProgramFeed(program, { limits: VIEWER_LIMITS, clock: this.clock }),
    ]),
  );
  private readonly registry = new InputRegistry({
    inputs: this.inputs,
    clock: this.clock,
    isKeyRight: (name, key) => KEYS.get(name) === key,
    events: { published: () => {}, unpublished: () => {} },
  });
  private readonly handler = rtmpHandler({
    registry: this.registry,
    feeds: this.feeds,
    relays: null,
    viewerRefusal: () => null,
    playRefusal: () => null,
    keys: KEYS,
    clock: this.clock,
    logger: pino({ level: 'silent' }),
  });
  private readonly publication = this.registry.publish('master/camera2', 'key-of-camera2', {
    address: '192.0.2.2:1',
    close: () => {},
  });
  private seenBytes = 0;
  private frames = 0;

  constructor() {
    const director = new Director({
      clock: this.clock,
      inputs: this.inputs,
      programs: this.programs,
      contention: 'share',
    });
    director.start();
    const sink = {
      address: '192.0.2.3:1',
      pendingBytes: 0,
      write: (bytes: Buffer) => {
        this.seenBytes += bytes.length;
      },
      close: (reason: string) => promise(false, `nobody else is closed: ${reason}`),
    };
    this.feeds.get('camera2')?.join(sink, flvFormat);
    this.send(headerPacket(VIDEO_CONFIG), headerPacket(AUDIO_CONFIG));
    for (let frame = 0; frame < GOP_FRAMES * 2; frame += 1) this.nextFrame();
  }

  /** One more frame for the viewer of camera2, who gets it. */
  nextFrame(): void {
    const before = this.seenBytes;
    const time = this.frames * FRAME_MS;
    this.send(videoPacket(time, this.frames % GOP_FRAMES === 0), audioPacket(time));
    this.frames += 1;
    this.clock.advance(FRAME_MS);
    promise(this.frames < GOP_FRAMES * 2 || this.seenBytes > before, 'another viewer gets every frame');
  }

  connect(): { socket: FakeSocket; connection: ServerConnection } {
    this.peers += 1;
    const socket = new FakeSocket();
    const connection = new ServerConnection({
      socket: socket.asSocket(),
      clock: this.clock,
      limits: LIMITS,
      handler: this.handler,
      onHandshake: () => {},
      onHeld: () => {},
      onThrottled: () => {},
      onClose: () => {},
    });
    return { socket, connection };
  }

  private send(...packets: ReadonlyArray<ReturnType<typeof videoPacket>>): void {
    if (typeof this.publication === 'string') throw new Error(this.publication);
    for (const packet of packets) this.publication.packet(packet);
  }
}

const VIEWER_LIMITS = { queueLimitBytes: 1_000_000, stuckTimeoutMs: 10_000 };

function newInput(name: string): Input {
  return new Input({
    name,
    kind: 'master',
    isRemote: false,
    policy: { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} },
    warmBuffer: { limitBytes: 1_000_000, limitMs: 5_000 },
    events,
  });
}

function newProgram(input: Input): Program {
  return new Program({
    name: input.name.replace('master/', ''),
    candidates: [input],
    policy: {
      onLoss: 'switch',
      failback: 'auto',
      failbackHoldMs: 10_000,
      flap: { losses: 3, windowMs: 60_000, maxHoldMs: 300_000 },
    },
    stallTimeoutMs: 500,
    onSwitch: () => {},
  });
}

let host = new MiniatureHost();

/** Commands up to a stream that publishes or plays, after which the input goes on; one for each value of the first byte. */
function opening(kind: number): Buffer {
  const app = APPS[(kind >> 3) % APPS.length] ?? '';
  const command = (
    streamId: number,
    ...parts: Parameters<typeof commandMessage> extends [number, ...infer Rest] ? Rest : never
  ) => encodeMessage(3, commandMessage(streamId, ...parts), 128);
  const steps = [
    () => HANDSHAKE,
    () => command(0, 'connect', 1, { app }),
    () => command(0, 'createStream', 2, null),
    () =>
      app === 'live'
        ? command(1, 'play', 0, null, 'camera1', -2_000)
        : command(1, 'publish', 0, null, 'camera1?key=key-of-camera1', 'live'),
  ];
  return Buffer.concat(steps.slice(0, kind & 7).map((step) => step()));
}

/** The first byte says how far the conversation has come, the second how the rest is cut, and whether replies are taken. */
export const target: Target = {
  maxBytes: 8_192,
  dictionary: [
    ...[
      'connect',
      'createStream',
      'publish',
      'play',
      'pause',
      'FCPublish',
      'FCUnpublish',
      'deleteStream',
      'closeStream',
    ],
    ...[
      'receiveAudio',
      'seek',
      'releaseStream',
      'camera1',
      'camera2',
      '_checkbw',
      'onMetaData',
      '@setDataFrame',
    ],
  ].map((word) => Buffer.concat([Buffer.of(2, 0, word.length), Buffer.from(word)])),
  seeds: () => [
    ...[...rtmpMessages, ...chunkStreams].flatMap(({ bytes }) =>
      [0, 1, 2, 4, 12].map((kind) => Buffer.concat([Buffer.of(kind, 40), bytes])),
    ),
    ...mediaTags.map(({ track, bytes }) => mediaMessage(track, bytes)),
    ...conformanceCases
      .filter(({ hasHandshake }) => !hasHandshake)
      .map(({ bytes }) => Buffer.concat([Buffer.of(1, 40), bytes])),
  ],
  run: (input) => {
    if (host.peers >= PEERS_A_HOST) host = new MiniatureHost();
    const { socket, connection } = host.connect();
    const second = input[1] ?? 0;
    socket.isStuck = (second & 1) === 1;
    const data = Buffer.concat([opening(input[0] ?? 0), input.subarray(2)]);
    // Byte by byte is dear: few inputs are cut so small.
    const size = second < 4 ? 1 + second : second * 32;
    for (let at = 0; at < data.length && !socket.destroyed; at += size) {
      socket.emit('data', data.subarray(at, at + size));
      promise(connection.strangerBytes <= MAX_STRANGER_BYTES + 2 ** 20 + 8_192, 'a stranger holds little');
    }
    host.nextFrame();
    socket.destroy();
    host.clock.advance(0);
  },
};

function mediaMessage(track: 'video' | 'audio', payload: Buffer): Buffer {
  const raw = { typeId: track === 'video' ? 9 : 8, streamId: 1, timestamp: 40, payload };
  return Buffer.concat([Buffer.of(4, 255), encodeMessage(4, raw, 128)]);
}
