import { describe, expect, it } from '@jest/globals';
import { BitReader, withoutEmulationPrevention } from '../../runtime/codec/bit-reader.ts';
import { bytes } from '../golden/bytes.ts';

describe('BitReader', () => {
  it('reads bits, most significant first, across bytes', () => {
    const bits = new BitReader(bytes('a5 f0'));
    expect([bits.bit(), bits.bits(3), bits.bits(8), bits.bits(4)]).toEqual([1, 2, 0x5f, 0]);
    expect(() => bits.bit()).toThrow(RangeError);
  });

  it('reads 32 bits without a sign', () => {
    expect(new BitReader(bytes('ffffffff')).bits(32)).toBe(0xffffffff);
  });

  it('finds the end when it reads after a skip', () => {
    const bits = new BitReader(bytes('00'));
    bits.skip(100);
    expect(() => bits.bit()).toThrow(RangeError);
  });

  // ITU-T H.264, tables 9-1 and 9-3
  it.each([
    { name: '1', code: bytes('80'), unsigned: 0, signed: 0 },
    { name: '010', code: bytes('40'), unsigned: 1, signed: 1 },
    { name: '011', code: bytes('60'), unsigned: 2, signed: -1 },
    { name: '00100', code: bytes('20'), unsigned: 3, signed: 2 },
    { name: '00111', code: bytes('38'), unsigned: 6, signed: -3 },
    { name: '0001001', code: bytes('12'), unsigned: 8, signed: -4 },
    {
      name: '32 zeros and as many bits',
      code: bytes('00000000 80000000 80'),
      unsigned: 2 ** 32 - 1 + 1,
      signed: -(2 ** 31),
    },
  ])('reads the Exp-Golomb code $name', ({ code, unsigned, signed }) => {
    expect(new BitReader(code).unsignedExpGolomb()).toBe(unsigned);
    expect(new BitReader(code).signedExpGolomb() + 0).toBe(signed);
  });

  it('refuses an Exp-Golomb code that is longer or cut short', () => {
    expect(() => new BitReader(bytes('00*20')).unsignedExpGolomb()).toThrow(RangeError);
    expect(() => new BitReader(bytes('01')).unsignedExpGolomb()).toThrow(RangeError);
  });
});

describe('withoutEmulationPrevention', () => {
  it.each([
    { name: 'nothing', escaped: bytes(''), plain: bytes('') },
    { name: 'a 3 behind two zeros goes', escaped: bytes('01 000003 01'), plain: bytes('01 0000 01') },
    { name: 'a 3 behind one zero stays', escaped: bytes('0003 01'), plain: bytes('0003 01') },
    {
      name: 'zeros are counted anew behind it',
      escaped: bytes('000003 00 000003 00'),
      plain: bytes('0000 00 0000 00'),
    },
    { name: 'a 3 behind it stays', escaped: bytes('000003 03'), plain: bytes('0000 03') },
    { name: 'at the end', escaped: bytes('000003'), plain: bytes('0000') },
  ])('$name', ({ escaped, plain }) => {
    expect(withoutEmulationPrevention(escaped)).toEqual(plain);
  });
});
