/** What hostile peers do to an RTMP server. None needs to know which server it is. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { AmfMarker, type AmfValue, encodeAmf0 } from '../../runtime/codec/amf0.ts';
import { encodeMessage } from '../../runtime/rtmp/chunk-writer.ts';
import { commandMessage, controlMessage } from '../../runtime/rtmp/message.ts';
import { DEFAULT_CHUNK_SIZE, MessageType } from '../../runtime/rtmp/wire.ts';
import type { RawPeer } from '../rtmp/raw-peer.ts';
import type { Attacker } from './attacker.ts';
import { until } from './until.ts';
import { sendVideo } from './video-flood.ts';

const CHUNK_STREAMS = 65_000;
export const LONGEST_MESSAGE_BYTES = 0xffffff;
/** A handshake's version and first packet, and the second packet: any bytes will do. */
const C0C1 = Buffer.concat([Buffer.of(3), Buffer.alloc(8), randomBytes(1_528)]);
const C2 = randomBytes(1_536);
const TICK_MS = 20;
const PATIENCE_MS = 60_000;
/** Three bytes of basic header, 11 of message header. */
const CHUNK_HEADER_BYTES = 14;
/** With a basic header of one. */
const SHORT_HEADER_BYTES = 12;
export const LONGEST_COMMAND_BYTES = 65_536;

export async function connectWithoutTcUrl(attacker: Attacker): Promise<void> {
  const { app, name } = attacker.target.program;
  for (const parameters of [{ app }, { app, tcUrl: null }, { app, tcUrl: '' }, { app, tcUrl: 7 }]) {
    const peer = await attacker.peer();
    peer.command(0, 'connect', 1, parameters);
    peer.command(0, 'createStream', 2, null);
    peer.command(1, 'play', 3, null, name);
    await until('an answer', () => peer.isClosed || peer.commands.length >= 2, PATIENCE_MS);
  }
}

export async function publishAndPlayWithoutName(attacker: Attacker): Promise<void> {
  const { input, program } = attacker.target;
  const missing: AmfValue[][] = [[], [null], [null, null], [null, ''], [null, undefined, 'live']];
  for (const args of missing) {
    (await attacker.connected(input.app)).command(1, 'publish', 3, ...args);
    (await attacker.connected(program.app)).command(1, 'play', 3, ...args);
  }
}

/** Values of all types where others belong, in front of connect and behind it. */
export async function commandsOfWrongTypes(attacker: Attacker): Promise<void> {
  const { input, program } = attacker.target;
  const values: AmfValue[] = [7, Number.NaN, true, null, undefined, { length: 1 }, [1, 2], ''];
  for (const value of values) {
    (await attacker.peer()).command(0, 'connect', 1, value);
    (await attacker.peer()).command(0, 'connect', 1, { app: value, tcUrl: value, objectEncoding: value });
    // A command's name.
    sendAmf(await attacker.peer(), encodeAmf0(typeof value === 'string' ? null : value, 1, null));
    (await attacker.connected(input.app)).command(1, 'publish', 3, value, value, value);
    (await attacker.connected(program.app)).command(1, 'play', 3, value, value, value);
  }
}

/** The same where the value does not matter. */
export async function ignoredCommandsOfWrongTypes(attacker: Attacker): Promise<void> {
  const peer = await attacker.connected(attacker.target.program.app);
  const names = ['deleteStream', 'closeStream', 'FCPublish', 'FCUnpublish', 'releaseStream', '_checkbw'];
  for (const name of [
    ...names,
    'getStreamLength',
    'pause',
    'seek',
    'receiveAudio',
    '',
    '\u0000',
    '__proto__',
  ]) {
    for (const value of [Number.POSITIVE_INFINITY, -1, 'x', null, undefined, {}, [], true]) {
      sendAmf(peer, encodeAmf0(name, value, value, value, value));
    }
  }
  peer.command(0, 'createStream', 99, null);
  await until(
    'an answer',
    () => peer.isClosed || peer.commands.some(({ transactionId }) => transactionId === 99),
    PATIENCE_MS,
  );
}

export async function chunkSize(attacker: Attacker, size: number): Promise<void> {
  for (let count = 0; count < 10; count += 1) {
    const peer = await attacker.peer();
    peer.send(controlMessage(MessageType.setChunkSize, size), 2);
    peer.command(0, 'connect', 1, attacker.connectParameters(attacker.target.program.app));
  }
}

/** Begins a message on each of 65,000 chunk streams, and ends none. Each is sent its first chunk. */
async function beginMessages(peer: RawPeer, typeId: number, messageBytes: number): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_HEADER_BYTES + Math.min(messageBytes, DEFAULT_CHUNK_SIZE));
  // RTMP 1.0, 5.3.1.1: the form of three bytes, type 0.
  chunk.writeUInt8(1, 0);
  chunk.writeUIntBE(messageBytes, 6, 3);
  chunk.writeUInt8(typeId, 9);
  chunk.writeUInt32LE(1, 10);
  let gathered: Buffer[] = [];
  for (let stream = 0; stream < CHUNK_STREAMS && !hasHungUp(peer); stream += 1) {
    chunk.writeUInt16LE(stream, 1);
    gathered.push(Buffer.from(chunk));
    if (gathered.length < 500) continue;
    peer.write(Buffer.concat(gathered));
    gathered = [];
    await taken(peer);
  }
}

export async function messagesBegunByStrangers(attacker: Attacker, messageBytes: number): Promise<void> {
  const peers = await Promise.all(Array.from({ length: 10 }, () => attacker.peer()));
  await Promise.all(peers.map((peer) => beginMessages(peer, MessageType.commandAmf0, messageBytes)));
}

export async function messagesBegunByPublisher(attacker: Attacker, messageBytes: number): Promise<void> {
  await beginMessages(await attacker.publishing(), MessageType.video, messageBytes);
}

/** Many strangers that each begin two of the longest messages that a stranger may. */
export async function messagesBegunTogether(attacker: Attacker, strangers: number): Promise<void> {
  for (let count = 0; count < strangers; count += 1) {
    const peer = await attacker.peer();
    for (const chunkStreamId of [5, 6]) {
      const chunk = Buffer.alloc(SHORT_HEADER_BYTES + DEFAULT_CHUNK_SIZE);
      chunk.writeUInt8(chunkStreamId, 0);
      chunk.writeUIntBE(LONGEST_COMMAND_BYTES, 4, 3);
      chunk.writeUInt8(MessageType.commandAmf0, 7);
      peer.write(chunk);
    }
  }
}

/** A connect, cut at every byte. */
export async function truncatedAmf(attacker: Attacker): Promise<void> {
  const parameters = attacker.connectParameters(attacker.target.program.app);
  const whole = encodeAmf0('connect', 1, { ...parameters, on: true, list: [1, 'a', null] });
  for (let bytes = 0; bytes < whole.length; bytes += 1)
    sendAmf(await attacker.peer(), whole.subarray(0, bytes));
}

/** Values that never end: nested, in number, by the length that they announce, and simply long. */
export async function endlessAmf(attacker: Attacker): Promise<void> {
  const name = encodeAmf0('connect', 1);
  const endless = [
    Buffer.alloc(60_000, AmfMarker.object),
    repeated([AmfMarker.object, 0, 1, 0x61], 15_000),
    repeated([AmfMarker.strictArray, 0, 0, 0, 1], 12_000),
    Buffer.of(AmfMarker.strictArray, 0xff, 0xff, 0xff, 0xff),
    Buffer.of(AmfMarker.ecmaArray, 0xff, 0xff, 0xff, 0xff, 0, 1, 0x61, AmfMarker.null),
    Buffer.of(AmfMarker.longString, 0xff, 0xff, 0xff, 0xff, 0x61),
    Buffer.alloc(60_000, AmfMarker.null),
    Buffer.alloc(60_000, AmfMarker.objectEnd),
    repeated([AmfMarker.ecmaArray, 0, 0, 0, 0, 0, 0, AmfMarker.objectEnd], 7_000),
    Buffer.alloc(200_000, AmfMarker.undefined),
  ];
  for (const bytes of endless) sendAmf(await attacker.peer(), Buffer.concat([name, bytes]));
}

export async function emptyMedia(attacker: Attacker): Promise<void> {
  const peer = await attacker.publishing();
  const bodies = ['', '17', '1701', '1701000000', 'af', 'af00', 'af01', 'af0013', '00', 'ff', '9c', '90'];
  for (let round = 0; round < 1_000 && !peer.isClosed; round += 1) {
    for (const typeId of [MessageType.audio, MessageType.video, MessageType.dataAmf0]) {
      const body = typeId === MessageType.dataAmf0 ? '' : (bodies[round % bodies.length] ?? '');
      peer.send({ typeId, streamId: 1, timestamp: round, payload: Buffer.from(body, 'hex') }, 4);
    }
    if (round % 100 === 0) await taken(peer);
  }
  await taken(peer);
}

export async function emptyHeaders(attacker: Attacker): Promise<void> {
  for (const [typeId, body] of [
    [MessageType.video, '1700000000'],
    [MessageType.video, '1700000000014d001fffe1'],
  ] as const) {
    const peer = await attacker.publishing();
    peer.send({ typeId, streamId: 1, timestamp: 0, payload: Buffer.from(body, 'hex') }, 4);
    await until('the server to hang up', () => peer.isClosed, PATIENCE_MS);
  }
}

/** Half a handshake, then silence. */
export async function halfHandshakes(attacker: Attacker, count: number): Promise<void> {
  for (let dialled = 0; dialled < count; dialled += 1) {
    attacker.dial().write(C0C1);
    if (dialled % 50 === 0) await pause(TICK_MS);
  }
}

/** New connections, so many a second, that stay: they say nothing, or shake hands and connect. */
export async function connectionsPerSecond(
  attacker: Attacker,
  options: { readonly perSecond: number; readonly seconds: number; readonly words: 'none' | 'handshake' },
): Promise<void> {
  const { perSecond, seconds, words } = options;
  const startedAt = performance.now();
  const parameters = attacker.connectParameters(attacker.target.program.app);
  const connect = encodeMessage(3, commandMessage(0, 'connect', 1, parameters), DEFAULT_CHUNK_SIZE);
  const total = perSecond * seconds;
  while (attacker.connections < total) {
    const due = Math.min(total, ((performance.now() - startedAt) * perSecond) / 1_000);
    while (attacker.connections < due) {
      const socket = attacker.dial();
      if (words === 'handshake') socket.write(Buffer.concat([C0C1, C2, connect]));
    }
    await pause(TICK_MS);
  }
}

/** Plays and does not read at all, or so slowly, while the program is a heavy one. */
export async function slowViewers(
  attacker: Attacker,
  options: {
    readonly count: number;
    readonly readBytesPerSecond: number;
    readonly isEnough: () => Promise<boolean>;
  },
): Promise<void> {
  const publisher = await attacker.publishing();
  const ended = new AbortController();
  const flooded = sendVideo(publisher, { kbps: 40_000, signal: ended.signal });
  for (let count = 0; count < options.count; count += 1) {
    throttle((await attacker.playing()).socket, options.readBytesPerSecond);
  }
  await until('the server to act', options.isEnough, PATIENCE_MS);
  ended.abort();
  await flooded;
}

/** As fast as the connection carries it. */
export async function videoFlood(attacker: Attacker, seconds: number): Promise<void> {
  const publisher = await attacker.publishing();
  const viewers = [await attacker.playing(), await attacker.playing()];
  await sendVideo(publisher, { kbps: null, signal: AbortSignal.timeout(seconds * 1_000) });
  for (const viewer of viewers) viewer.socket.destroy();
}

export async function videoFloodWithoutKey(attacker: Attacker, seconds: number): Promise<void> {
  const { app, name } = attacker.target.lockedInput;
  const peer = await attacker.connected(app);
  peer.command(1, 'publish', 3, null, name, 'live');
  await sendVideo(peer, { kbps: null, signal: AbortSignal.timeout(seconds * 1_000) });
}

/** A stranger that sends, for ever, what a server has no use for. */
export async function uselessMessages(attacker: Attacker, seconds: number): Promise<void> {
  const peer = await attacker.connected(attacker.target.program.app);
  const payload = encodeAmf0('x'.repeat(60_000));
  const data = { typeId: MessageType.dataAmf0, streamId: 1, timestamp: 0, payload };
  const message = encodeMessage(5, data, DEFAULT_CHUNK_SIZE);
  const signal = AbortSignal.timeout(seconds * 1_000);
  while (!signal.aborted && !hasHungUp(peer)) {
    for (let count = 0; count < 20; count += 1) peer.write(message);
    await taken(peer, signal);
  }
}

/** Infinity: as it comes; 0: nothing. */
function throttle(socket: Socket, bytesPerSecond: number): void {
  socket.pause();
  if (bytesPerSecond === 0) return;
  socket.on('data', (data) => {
    socket.pause();
    setTimeout(() => socket.resume(), (data.length / bytesPerSecond) * 1_000);
  });
  socket.resume();
}

function sendAmf(peer: RawPeer, payload: Buffer): void {
  peer.send({ typeId: MessageType.commandAmf0, streamId: 0, timestamp: 0, payload });
}

/** Until the kernel has taken what was written, or nobody is there to take it. */
async function taken(peer: RawPeer, signal?: AbortSignal): Promise<void> {
  const isOver = (): boolean => hasHungUp(peer) || signal?.aborted === true;
  await until('the server to read', () => peer.socket.writableLength === 0 || isOver(), PATIENCE_MS);
}

/** It may still read for a while, to no end. */
function hasHungUp({ socket, isClosed }: RawPeer): boolean {
  return isClosed || socket.readableEnded;
}

function repeated(bytes: readonly number[], times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => Buffer.from(bytes)));
}
