import { describe, expect, it } from '@jest/globals';
import { type AmfObject, decodeAmf0, encodeAmf0, withoutAmf3 } from '../../runtime/codec/amf0.ts';
import { amf3Refused, amf3Values } from '../golden/amf3-values.ts';
import { bytes } from '../golden/bytes.ts';
import { codeOf } from '../golden/protocol-errors.ts';

describe('AMF3', () => {
  it.each(amf3Values)('reads $name, also once it is AMF0', (value) => {
    expect(decodeAmf0(value.bytes)).toEqual(value.message);
    const amf0 = withoutAmf3(value.bytes);
    expect(amf0).toEqual(encodeAmf0(...value.message));
    expect(decodeAmf0(amf0)).toEqual(value.message);
  });

  it.each(amf3Refused)('refuses $name', ({ bytes: refused, code }) => {
    expect(codeOf(() => decodeAmf0(refused))).toBe(code);
  });

  it.each(amf3Values)('finds $name truncated, wherever it ends', (value) => {
    for (let length = 0; length < value.bytes.length; length += 1) {
      const cut = value.bytes.subarray(0, length);
      // A message may end between two values: what is whole is then what comes before.
      if (codeOf(() => decodeAmf0(cut)) === 'amf-malformed') continue;
      const values = decodeAmf0(cut);
      expect(values).toEqual(value.message.slice(0, values.length));
      expect(values.length).toBeLessThan(value.message.length);
    }
  });

  it('takes as deep and as many values as AMF0', () => {
    expect(decodeAmf0(bytes('11 090301*16 01'))).toHaveLength(1);
    expect(decodeAmf0(bytes('1101*2000'))).toHaveLength(2_000);
  });

  it('takes __proto__ for a key like any other', () => {
    const [dynamic, array] = decodeAmf0(
      bytes("11 0a 0b 01 / 13 '__proto__' 03 / 01 /// 11 09 01 / 00 03 / 01"),
    ) as [AmfObject, AmfObject];
    for (const object of [dynamic, array]) {
      expect(Object.keys(object)).toEqual(['__proto__']);
      expect(Object.getPrototypeOf(object)).toBeNull();
    }
  });

  it('leaves alone what is AMF0 already', () => {
    const amf0 = bytes("08 00000001 0001 'a' 02 0001 11 000009");
    expect(withoutAmf3(amf0)).toBe(amf0);
  });
});
