import { AmfDate } from '../../runtime/codec/amf0.ts';
import type { Amf0Case, amf0Refused } from './amf0-values.ts';
import { bytes } from './bytes.ts';

/** AMF3 as it stands in AMF0, each value behind the marker 11 (sections of "AMF 3", Adobe, January 2013). */
export const amf3Values: readonly Amf0Case[] = [
  {
    name: 'undefined (3.2), null (3.3), false (3.4), true (3.5)',
    bytes: bytes('11 00 / 11 01 / 11 02 / 11 03'),
    message: [undefined, null, false, true],
  },
  { name: 'integer (3.6) of one byte', bytes: bytes('11 04 7f'), message: [127] },
  { name: 'integer of two bytes', bytes: bytes('11 04 8100'), message: [128] },
  { name: 'integer of three bytes', bytes: bytes('11 04 ffff7f'), message: [0x1fffff] },
  { name: 'integer of four bytes', bytes: bytes('11 04 80c08000'), message: [0x200000] },
  { name: 'integer, largest', bytes: bytes('11 04 bfffffff'), message: [2 ** 28 - 1] },
  { name: 'integer, smallest', bytes: bytes('11 04 c0808000'), message: [-(2 ** 28)] },
  { name: 'integer, -1', bytes: bytes('11 04 ffffffff'), message: [-1] },
  { name: 'double (3.7)', bytes: bytes('11 05 3ff8000000000000'), message: [1.5] },
  { name: 'string (3.8)', bytes: bytes("11 06 09 'live'"), message: ['live'] },
  { name: 'string, empty', bytes: bytes('11 06 01'), message: [''] },
  { name: 'string, UTF-8', bytes: bytes('11 06 0d c3a9 f09f8ea5'), message: ['é🎥'] },
  {
    name: 'strings again, by their numbers; the empty one has none',
    bytes: bytes("11 06 03 'a' / 11 06 01 / 11 06 03 'b' / 11 06 02 / 11 06 00"),
    message: ['a', '', 'b', 'b', 'a'],
  },
  { name: 'XML document (3.9)', bytes: bytes("11 07 09 '<a/>'"), message: ['<a/>'] },
  { name: 'XML (3.13)', bytes: bytes("11 0b 09 '<b/>'"), message: ['<b/>'] },
  {
    name: 'date (3.10)',
    bytes: bytes('11 08 01 4278bcfe56800000'),
    message: [new AmfDate(1_700_000_000_000)],
  },
  { name: 'array (3.11), empty', bytes: bytes('11 09 01 01'), message: [[]] },
  { name: 'array', bytes: bytes("11 09 07 01 / 02 / 01 / 06 03 'a'"), message: [[false, null, 'a']] },
  {
    name: 'array with names',
    bytes: bytes("11 09 03 / 03 'k' 03 / 01 / 04 05"),
    message: [{ k: true, 0: 5 }],
  },
  { name: 'object (3.12), of no class and empty', bytes: bytes('11 0a 0b 01 01'), message: [{}] },
  {
    name: 'object, dynamic',
    bytes: bytes("11 0a 0b 01 / 07 'app' 06 0d 'master' / 0b 'audio' 04 07 / 01"),
    message: [{ app: 'master', audio: 7 }],
  },
  {
    name: 'object of a class with two fields, and another one of the same class',
    bytes: bytes("11 0a 23 07 'Foo' 03 'x' 03 'y' / 04 01 / 04 02 /// 11 0a 01 / 04 03 / 04 04"),
    message: [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ],
  },
  {
    name: 'object of a class that is also dynamic',
    bytes: bytes("11 0a 1b 07 'Foo' 03 'x' / 04 01 / 03 'z' 04 09 / 01"),
    message: [{ x: 1, z: 9 }],
  },
  {
    name: 'the same object twice (2.2)',
    bytes: bytes("11 09 05 01 / 0a 0b 01 03 'a' 03 01 / 0a 02"),
    message: [[{ a: true }, { a: true }]],
  },
  {
    name: 'byte array (3.14): AMF0 has none',
    bytes: bytes('11 0c 07 010203 / 11 04 05'),
    message: [undefined, 5],
  },
  {
    name: 'vectors of int, uint and double (3.15)',
    bytes: bytes('11 0d 05 00 ffffffff 00000002 / 11 0e 03 00 ffffffff / 11 0f 03 01 3ff8000000000000'),
    message: [[-1, 2], [0xffffffff], [1.5]],
  },
  { name: 'vector of objects', bytes: bytes("11 10 03 00 01 06 03 'a'"), message: [['a']] },
  {
    name: 'dictionary (3.16): keys that are objects go',
    bytes: bytes("11 11 05 00 / 06 03 'a' 04 01 / 0a 0b 01 01 04 02"),
    message: [{ a: 1 }],
  },
  {
    name: 'AMF0 and AMF3 in turns, with objects of either numbered for themselves',
    bytes: bytes("02 0001 'n' / 11 0a 0b 01 03 'a' 03 01 / 03 0001 'b' 11 0a 00 000009 / 07 0000"),
    message: ['n', { a: true }, { b: { a: true } }, { b: { a: true } }],
  },
];

/** AMF3 that must be refused. */
export const amf3Refused: typeof amf0Refused = [
  { name: 'an unknown marker', bytes: bytes('11 12'), code: 'amf-unsupported' },
  { name: 'a string longer than the message', bytes: bytes("11 06 ffffffff 'a'"), code: 'amf-malformed' },
  { name: 'a string that was never sent', bytes: bytes('11 06 02'), code: 'amf-malformed' },
  { name: 'an object that was never sent', bytes: bytes('11 0a 02'), code: 'amf-malformed' },
  { name: 'a class that was never sent', bytes: bytes('11 0a 05'), code: 'amf-malformed' },
  { name: 'an array longer than the message', bytes: bytes('11 09 ffffffff 01 01'), code: 'amf-malformed' },
  { name: 'a vector longer than the message', bytes: bytes('11 0d ffffffff 00 00'), code: 'amf-malformed' },
  {
    name: 'a class of more fields than the message',
    bytes: bytes('11 0a fffffff3 01'),
    code: 'amf-malformed',
  },
  { name: 'an object without an end', bytes: bytes("11 0a 0b 01 03 'a' 01"), code: 'amf-malformed' },
  { name: 'an object in a form of its own', bytes: bytes("11 0a 07 07 'Foo' 01"), code: 'amf-unsupported' },
  { name: 'an array that holds itself', bytes: bytes('11 09 03 01 09 00'), code: 'amf-unsupported' },
  { name: 'arrays 17 deep', bytes: bytes('11 090301*17 01'), code: 'amf-too-deep' },
  {
    name: 'AMF3 17 deep in AMF0 and AMF3',
    bytes: bytes('0a00000001*10 11 090301*7 01'),
    code: 'amf-too-deep',
  },
  { name: '2,001 values', bytes: bytes('1101*2001'), code: 'amf-too-many-values' },
  {
    name: '2,001 values in a vector',
    bytes: bytes('11 0d 9f2100 00000000*2000'),
    code: 'amf-too-many-values',
  },
  {
    name: 'references that grow to 2 to the power of 12 values',
    bytes: bytes(`11 09 1b 01 / 09 01 01 / ${Array.from({ length: 12 }, (_, i) => doubled(i)).join(' ')}`),
    code: 'amf-too-many-values',
  },
  {
    name: 'references that are 17 deep in the end',
    bytes: bytes('11 09 07 01 / 090301*8 01 / 090301*4 0902 / 090301*5 0914'),
    code: 'amf-too-deep',
  },
  {
    name: '20 objects of a class with a field whose name has 4,000 bytes',
    bytes: bytes('11 0a 13 01 be41 61*4000 01 / 110a0101*20'),
    code: 'amf-too-many-values',
  },
  {
    name: '20 times a string of 4,000 bytes',
    bytes: bytes('11 06 be41 61*4000 / 110600*20'),
    code: 'amf-too-many-values',
  },
];

/** An array of two, both the one before it: number `index` + 1, as the array around them all is 0. */
function doubled(index: number): string {
  const reference = `09 ${((index + 1) << 1).toString(16).padStart(2, '0')}`;
  return `09 05 01 ${reference} ${reference}`;
}
