import { describe, expect, it } from '@jest/globals';
import { type AmfObject, decodeAmf0, encodeAmf0, encodeEcmaArray } from '../../runtime/codec/amf0.ts';
import { ProtocolError } from '../../runtime/codec/protocol-error.ts';
import { amf0Readings, amf0Refused, amf0Values } from '../golden/amf0-values.ts';
import { bytes } from '../golden/bytes.ts';
import { codeOf } from '../golden/protocol-errors.ts';

describe('AMF0', () => {
  it.each(amf0Values)('reads and writes $name', (value) => {
    expect(decodeAmf0(value.bytes)).toEqual(value.message);
    expect(encodeAmf0(...value.message).equals(value.bytes)).toBe(true);
    expect(encodeAmf0(...decodeAmf0(value.bytes)).equals(value.bytes)).toBe(true);
  });

  it.each(amf0Readings)('reads $name', (reading) => {
    expect(decodeAmf0(reading.bytes)).toEqual(reading.message);
  });

  it.each(amf0Refused)('refuses $name', (refused) => {
    expect(codeOf(() => decodeAmf0(refused.bytes))).toBe(refused.code);
  });

  const short = [...amf0Values, ...amf0Readings].filter((value) => value.bytes.length < 1_000);
  it.each(short)('finds $name truncated, wherever it ends', (value) => {
    for (let length = 0; length < value.bytes.length; length += 1) {
      const cut = value.bytes.subarray(0, length);
      // A message may end between two values: what is whole is then what comes before.
      const result = outcome(() => decodeAmf0(cut));
      if (result instanceof Error)
        expect(result).toMatchObject({ name: 'ProtocolError', code: 'amf-malformed' });
      else expect(value.message.slice(0, result.length)).toEqual(result);
      if (value.message.length === 1 && length > 0) expect(result).toBeInstanceOf(ProtocolError);
    }
  });

  it('keeps a value that is undefined apart from one that is missing', () => {
    const [object] = decodeAmf0(bytes("03 0001 'u' 06 000009"));
    expect(Object.keys(object as AmfObject)).toEqual(['u']);
  });

  it('takes as deep and as many values as it says', () => {
    expect(decodeAmf0(bytes('03 00016103*16 000009*17'))).toHaveLength(1);
    expect(decodeAmf0(bytes('05*2000'))).toHaveLength(2_000);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'takes %s for a key like any other',
    (key) => {
      const name = Buffer.from(key);
      const message = Buffer.concat([
        bytes('03'),
        Buffer.of(0, name.length),
        name,
        bytes("03 0008 'polluted' 01 01 000009"),
        bytes('000009'),
      ]);
      const [object] = decodeAmf0(message) as [AmfObject];
      expect(Object.keys(object)).toEqual([key]);
      expect(Object.getPrototypeOf(object)).toBeNull();
      expect(Object.getPrototypeOf(object[key])).toBeNull();
      expect((object[key] as AmfObject).polluted).toBe(true);
      expect(({} as AmfObject).polluted).toBeUndefined();
      expect(encodeAmf0(object).equals(message)).toBe(true);
    },
  );

  it('has no key that was not sent', () => {
    const [object] = decodeAmf0(bytes('03 000009')) as [AmfObject];
    expect(object.toString).toBeUndefined();
    expect(object.constructor).toBeUndefined();
  });

  it('writes an ECMA array with its count', () => {
    expect(encodeEcmaArray({ width: 640, stereo: true })).toEqual(
      bytes("08 00000002 / 0005 'width' 00 4084000000000000 / 0006 'stereo' 01 01 / 000009"),
    );
  });

  it('cuts a key that is too long to be written', () => {
    const [object] = decodeAmf0(encodeAmf0({ ['k'.repeat(70_000)]: 1 })) as [AmfObject];
    expect(object).toEqual({ ['k'.repeat(0xffff)]: 1 });
  });
});

function outcome<T>(action: () => T): T | Error {
  try {
    return action();
  } catch (error) {
    return error as Error;
  }
}
