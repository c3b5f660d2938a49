/**
 * The way of a publisher's bytes through a host, without sockets: chunks, messages, session, input, program and feed, which no
 * viewer has joined. Its time is what the stream says.
 */
import { pino } from 'pino';
import { configSchema } from '../runtime/contract/config.ts';
import { rtmpHandler } from '../runtime/host-rtmp.ts';
import { Input } from '../runtime/input/input.ts';
import { InputRegistry } from '../runtime/input/registry.ts';
import type { Clock } from '../runtime/media/clock.ts';
import { ProgramFeed } from '../runtime/output/program-feed.ts';
import { Director } from '../runtime/program/director.ts';
import { Program } from '../runtime/program/program.ts';
import { encodeMessage } from '../runtime/rtmp/chunk-writer.ts';
import { commandMessage } from '../runtime/rtmp/message.ts';
import { ServerConnection } from '../runtime/rtmp/server-connection.ts';
import type { ServerHandler } from '../runtime/rtmp/server-handler.ts';
import { ChunkStreamId, DEFAULT_CHUNK_SIZE } from '../runtime/rtmp/wire.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { FakeSocket } from '../test/support/fake-socket.ts';

const INPUT = 'master/camera1';
const PROGRAM = 'camera1';
const CONFIG = configSchema.parse({ masters: [{ name: 'camera1' }], slate: false });
const KEY = 'bench-key-0123456789';
const C1_BYTES = 1_536;
const MESSAGE_STREAM = 1;

export class PublisherPath {
  /** What the program has put out. */
  packetsOut = 0;
  private readonly clock = new FakeClock();
  private readonly socket = new FakeSocket();

  constructor() {
    const { clock, socket } = this;
    const input = newInput(() => director.decide());
    const program = newProgram(input);
    const feed = new ProgramFeed(program, { limits: CONFIG.viewers, clock });
    program.subscribe({
      viewers: 0,
      packet: () => {
        this.packetsOut += 1;
      },
    });
    const director = new Director({ clock, inputs: [input], programs: [program], contention: 'share' });
    director.start();
    const handler = newHandler(input, feed, clock);
    new ServerConnection({
      socket: socket.asSocket(),
      clock,
      limits: CONFIG.limits,
      handler,
      onHandshake: () => {},
      onThrottled: () => {},
      onHeld: () => {},
      onClose: (reason) => {
        throw new Error(`the publisher was closed: ${reason}`);
      },
    });
    this.push(opening(), 0);
  }

  /** Takes what a socket has read, `ms` after what it read before. */
  push(bytes: Buffer, ms: number): void {
    this.socket.emit('data', bytes);
    this.clock.advance(ms);
  }
}

function newInput(onHealth: () => void): Input {
  return new Input({
    name: INPUT,
    kind: 'master',
    policy: { ...CONFIG.failover, floor: {} },
    warmBuffer: CONFIG.warmBuffer,
    events: { health: onHealth, reanchored: () => {} },
  });
}

function newProgram(input: Input): Program {
  const { failover } = CONFIG;
  const { stallTimeoutMs } = failover;
  const onSwitch = () => {};
  return new Program({ name: PROGRAM, candidates: [input], policy: failover, stallTimeoutMs, onSwitch });
}

function newHandler(input: Input, feed: ProgramFeed, clock: Clock): ServerHandler {
  const registry = new InputRegistry({
    inputs: [input],
    clock,
    isKeyRight: (_name, key) => key === KEY,
    events: { published: () => {}, unpublished: () => {} },
  });
  return rtmpHandler({
    registry,
    feeds: new Map([[PROGRAM, feed]]),
    relays: null,
    viewerRefusal: () => null,
    playRefusal: () => null,
    keys: new Map([[INPUT, KEY]]),
    clock,
    logger: pino({ level: 'silent' }),
  });
}

/** What an encoder says before its media (RTMP 1.0, 5.2 and 7.2). */
function opening(): Buffer {
  const command = (...message: Parameters<typeof commandMessage>): Buffer =>
    encodeMessage(ChunkStreamId.command, commandMessage(...message), DEFAULT_CHUNK_SIZE);
  return Buffer.concat([
    Buffer.of(3),
    Buffer.alloc(2 * C1_BYTES),
    command(0, 'connect', 1, { app: 'master' }),
    command(0, 'createStream', 2, null),
    command(MESSAGE_STREAM, 'publish', 3, null, `camera1?key=${KEY}`, 'live'),
  ]);
}
