import { AmfDate, type AmfValue } from '../../runtime/codec/amf0.ts';
import type { ProtocolErrorCode } from '../../runtime/codec/protocol-error.ts';
import { bytes } from './bytes.ts';

export interface Amf0Case {
  readonly name: string;
  readonly bytes: Buffer;
  readonly message: readonly AmfValue[];
}

/** AMF0 that is written just as it is read (sections of "Action Message Format -- AMF 0", Adobe 2007). */
export const amf0Values: readonly Amf0Case[] = [
  { name: 'nothing', bytes: bytes(''), message: [] },
  { name: 'number (2.2)', bytes: bytes('00 3ff8000000000000'), message: [1.5] },
  { name: 'number, negative zero', bytes: bytes('00 8000000000000000'), message: [-0] },
  { name: 'number, largest integer', bytes: bytes('00 433fffffffffffff'), message: [2 ** 53 - 1] },
  { name: 'number, infinite', bytes: bytes('00 fff0000000000000'), message: [-Infinity] },
  { name: 'number, none', bytes: bytes('00 7ff8000000000000'), message: [NaN] },
  { name: 'boolean (2.3)', bytes: bytes('01 01 / 01 00'), message: [true, false] },
  { name: 'string (2.4)', bytes: bytes("02 0004 'live'"), message: ['live'] },
  { name: 'string, empty', bytes: bytes('02 0000'), message: [''] },
  { name: 'string, UTF-8', bytes: bytes('02 0006 c3a9 f09f8ea5'), message: ['é🎥'] },
  { name: 'string, longest', bytes: bytes('02 ffff 61*65535'), message: ['a'.repeat(0xffff)] },
  { name: 'long string (2.14)', bytes: bytes('0c 00010000 62*65536'), message: ['b'.repeat(0x10000)] },
  { name: 'null (2.7) and undefined (2.8)', bytes: bytes('05 06'), message: [null, undefined] },
  {
    name: 'date (2.13)',
    bytes: bytes('0b 4278bcfe56800000 0000'),
    message: [new AmfDate(1_700_000_000_000)],
  },
  { name: 'object (2.5), empty', bytes: bytes('03 000009'), message: [{}] },
  {
    name: 'object of each type',
    bytes: bytes(
      "03 / 0001 'n' 00 4000000000000000 / 0001 'b' 01 01 / 0001 's' 02 0001 'x' / 0001 'z' 05 / 0001 'u' 06 / 000009",
    ),
    message: [{ n: 2, b: true, s: 'x', z: null, u: undefined }],
  },
  {
    name: 'object with an empty key',
    bytes: bytes("03 / 0000 02 0001 'x' / 0001 'k' 05 / 000009"),
    message: [{ '': 'x', k: null }],
  },
  { name: 'strict array (2.12), empty', bytes: bytes('0a 00000000'), message: [[]] },
  {
    name: 'strict array',
    bytes: bytes("0a 00000003 / 01 00 / 05 / 02 0001 'a'"),
    message: [[false, null, 'a']],
  },
  {
    name: 'nested',
    bytes: bytes("03 / 0001 'a' 0a 00000002 / 03 0001 'b' 03 000009 000009 / 0a 00000000 / 000009"),
    message: [{ a: [{ b: {} }, []] }],
  },
  {
    name: 'connect, as OBS begins it',
    bytes: bytes(
      "02 0007 'connect' / 00 3ff0000000000000 / 03 0003 'app' 02 0006 'master' 0004 'type' 02 000a 'nonprivate' 000009",
    ),
    message: ['connect', 1, { app: 'master', type: 'nonprivate' }],
  },
];

/** Other forms of what can be read: they are written differently, or never. */
export const amf0Readings: readonly Amf0Case[] = [
  {
    name: 'ECMA array (2.10)',
    bytes: bytes("08 00000001 / 0005 'width' 00 4084000000000000 / 000009"),
    message: [{ width: 640 }],
  },
  {
    name: 'ECMA array whose count is too low',
    bytes: bytes("08 00000000 / 0001 'a' 05 / 0001 'b' 01 01 / 000009 / 05"),
    message: [{ a: null, b: true }, null],
  },
  {
    name: 'ECMA array whose count is too high',
    bytes: bytes("08 ffffffff / 0001 'a' 05 / 000009 / 01 00"),
    message: [{ a: null }, false],
  },
  {
    name: 'typed object (2.18): the class name is passed over',
    bytes: bytes("10 0003 'Foo' / 0001 'a' 01 01 / 000009"),
    message: [{ a: true }],
  },
  {
    name: 'reference (2.9) to an object, and to an array in it',
    bytes: bytes("03 / 0001 'a' 0a 00000001 01 01 / 000009 / 07 0001 / 07 0000"),
    message: [{ a: [true] }, [true], { a: [true] }],
  },
  { name: 'XML document (2.17)', bytes: bytes("0f 00000004 '<a/>'"), message: ['<a/>'] },
  { name: 'long string that is short', bytes: bytes("0c 00000002 'ab'"), message: ['ab'] },
  { name: 'unsupported (2.15)', bytes: bytes('0d'), message: [undefined] },
  { name: 'boolean other than 0 and 1', bytes: bytes('01 ff'), message: [true] },
  { name: 'date with a time zone', bytes: bytes('0b 0000000000000000 fe20'), message: [new AmfDate(0)] },
  { name: 'UTF-8 that is none', bytes: bytes('02 0002 c328'), message: ['\ufffd('] },
  {
    name: 'a key twice: the last one counts',
    bytes: bytes("03 / 0001 'a' 01 00 / 0001 'a' 01 01 / 000009"),
    message: [{ a: true }],
  },
];

/** AMF0 that must be refused. */
export const amf0Refused: ReadonlyArray<{
  readonly name: string;
  readonly bytes: Buffer;
  readonly code: ProtocolErrorCode;
}> = [
  { name: 'strict array longer than the message', bytes: bytes('0a ffffffff 05 05'), code: 'amf-malformed' },
  { name: 'long string longer than the message', bytes: bytes("0c ffffffff 'a'"), code: 'amf-malformed' },
  { name: 'object without an end', bytes: bytes("03 0001 'a' 05"), code: 'amf-malformed' },
  { name: 'object end outside of objects', bytes: bytes('09'), code: 'amf-unsupported' },
  { name: 'object end as a value', bytes: bytes("03 0001 'a' 09"), code: 'amf-unsupported' },
  {
    name: 'a reference that makes it 17 deep',
    bytes: bytes('0a 00000002 / 0a00000001*15 05 / 0a 00000001 07 0001'),
    code: 'amf-too-deep',
  },
  { name: 'movie clip (2.6)', bytes: bytes('04'), code: 'amf-unsupported' },
  { name: 'reference (2.9) to nothing', bytes: bytes('07 0000'), code: 'amf-malformed' },
  { name: 'object that holds itself', bytes: bytes("03 0001 'a' 07 0000 000009"), code: 'amf-unsupported' },
  {
    name: 'references that grow to 2 to the power of 11 values',
    bytes: bytes(`0a 0000000c / 0a 00000000 / ${Array.from({ length: 11 }, (_, i) => doubled(i)).join(' ')}`),
    code: 'amf-too-many-values',
  },
  {
    name: 'more than 64 kB without the references',
    bytes: bytes('0a 00000001 02 1000 61*4096 / 070000*17'),
    code: 'amf-too-many-values',
  },
  { name: 'record set (2.16)', bytes: bytes('0e'), code: 'amf-unsupported' },
  { name: 'unknown marker', bytes: bytes('ff'), code: 'amf-unsupported' },
  { name: 'objects 18 deep', bytes: bytes('03 00016103*17 000009*18'), code: 'amf-too-deep' },
  { name: 'arrays 20,000 deep', bytes: bytes('0a00000001*20000'), code: 'amf-too-deep' },
  { name: '2,001 values', bytes: bytes('05*2001'), code: 'amf-too-many-values' },
  { name: '2,001 values in an array', bytes: bytes('0a 000007d0 05*2000'), code: 'amf-too-many-values' },
];

/** An array of two, both the one before it: number `index` + 1, as the array around them all is 0. */
function doubled(index: number): string {
  const reference = `07 ${(index + 1).toString(16).padStart(4, '0')}`;
  return `0a 00000002 ${reference} ${reference}`;
}
