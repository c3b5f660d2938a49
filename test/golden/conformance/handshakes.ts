import { bytes } from '../bytes.ts';
import { handshakes } from '../handshakes.ts';
import { CONNECT, type ConformanceCase, connectedTo, wire } from './case.ts';

/** C0, C1 and a C2 that answers nothing, then connect. */
function shaking(c1: Buffer): Buffer {
  return wire('03', c1, 'c3*1536', CONNECT);
}

function goldenC1(name: string): Buffer {
  const found = handshakes.find((golden) => golden.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found.bytes;
}

/** How clients shake hands, and connect. */
export const handshakeCases: readonly ConformanceCase[] = [
  {
    name: 'simple handshake',
    need: 'simple handshake',
    client: 'VLC and GStreamer by librtmp; encoders that fill C2 with something else',
    hasHandshake: true,
    bytes: shaking(bytes('00000000 00000000 5a*1528')),
    message: ['◀ handshake without a digest', ...connectedTo('master')],
  },
  {
    name: 'handshake with the digest in front of the key',
    need: 'digest handshake',
    client: 'FFmpeg',
    hasHandshake: true,
    bytes: shaking(goldenC1('C1 of FFmpeg')),
    message: ['◀ handshake with a digest', ...connectedTo('master')],
  },
  {
    name: 'handshake with the key in front of the digest',
    need: 'digest handshake',
    client: 'Flash Player 9 and later, Flash Media Live Encoder',
    hasHandshake: true,
    bytes: shaking(goldenC1('C1 with the key in front of the digest')),
    message: ['◀ handshake with a digest', ...connectedTo('master')],
  },
];
