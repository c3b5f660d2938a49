import type { AmfValue } from '../../../runtime/codec/amf0.ts';
import { encodeMessage } from '../../../runtime/rtmp/chunk-writer.ts';
import { commandMessage } from '../../../runtime/rtmp/message.ts';
import { bytes } from '../bytes.ts';

export interface ConformanceCase {
  readonly name: string;
  /** The row of docs/compatibility.md that it stands for, and a client that needs it. */
  readonly need: string;
  readonly client: string;
  /** What the client sends: behind the handshake, or with it. */
  readonly bytes: Buffer;
  readonly hasHandshake?: true;
  /** What comes of it, as `Conversation` tells it. */
  readonly message: readonly string[];
  /** The client stops where so many bytes are not acknowledged. */
  readonly windowBytes?: number;
}

/** Buffers, and text for `bytes`. */
export function wire(...parts: ReadonlyArray<Buffer | string>): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? bytes(part) : part)));
}

export function command(streamId: number, name: string, transaction: number, ...args: AmfValue[]): Buffer {
  return encodeMessage(3, commandMessage(streamId, name, transaction, ...args), 128);
}

export function status(streamId: number, code: string, level = 'status'): string {
  return `◀ onStatus on ${streamId} ${level} ${code}`;
}

/** Connects and opens message stream 1. */
export function opened(app: string): Buffer {
  return wire(command(0, 'connect', 1, { app }), command(0, 'createStream', 2, null));
}

export function connectedTo(app: string, objectEncoding = 0): string[] {
  return [
    `connect ${app}`,
    '◀ window 2500000',
    '◀ type 6: 002625a002',
    '◀ chunk size 60000',
    `◀ _result 1 status NetConnection.Connect.Success ${objectEncoding}`,
  ];
}

export function openedTo(app: string): string[] {
  return [...connectedTo(app), '◀ _result 2 1'];
}

export const PUBLISH = command(1, 'publish', 3, null, 'camera1', 'live');
export const PUBLISHED = [
  'publish master/camera1',
  '◀ user control 0 for 1',
  status(1, 'NetStream.Publish.Start'),
];
export const UNPUBLISHED = status(1, 'NetStream.Unpublish.Success');

/** A client that publishes `master/camera1` on message stream 1, and then sends `parts`. */
export function publishing(...parts: ReadonlyArray<Buffer | string>): Buffer {
  return wire(opened('master'), PUBLISH, ...parts);
}

export function publishedThen(...lines: readonly string[]): string[] {
  return [...openedTo('master'), ...PUBLISHED, ...lines];
}

export const PLAYED = [
  'play live/camera1',
  '◀ user control 0 for 1',
  status(1, 'NetStream.Play.Reset'),
  status(1, 'NetStream.Play.Start'),
  'start',
];

/** A client that plays `live/camera1` on message stream 1, and then sends `parts`. */
export function playing(...parts: ReadonlyArray<Buffer | string>): Buffer {
  return wire(opened('live'), command(1, 'play', 3, null, 'camera1', -2_000), ...parts);
}

export function playedThen(...lines: readonly string[]): string[] {
  return [...openedTo('live'), ...PLAYED, ...lines];
}

export const CONNECT = command(0, 'connect', 1, { app: 'master' });
