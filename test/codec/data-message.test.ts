import { describe, expect, it } from '@jest/globals';
import { AmfDate, encodeAmf0 } from '../../runtime/codec/amf0.ts';
import {
  asMetadata,
  asSpliceCuePoint,
  decodeData,
  encodeMetadata,
  encodeSetDataFrame,
  encodeSpliceCuePoint,
} from '../../runtime/codec/data-message.ts';
import { bytes } from '../golden/bytes.ts';
import { codeOf } from '../golden/protocol-errors.ts';

const METADATA = { width: 640, encoder: 'obs', stereo: true };

describe('decodeData', () => {
  it.each([
    {
      name: 'onMetaData of a player',
      payload: encodeMetadata(METADATA),
      data: { name: 'onMetaData', value: METADATA },
    },
    {
      name: '@setDataFrame of a publisher',
      payload: encodeSetDataFrame(METADATA),
      data: { name: 'onMetaData', value: METADATA },
    },
    {
      name: 'onMetaData as an object',
      payload: encodeAmf0('onMetaData', METADATA),
      data: { name: 'onMetaData', value: METADATA },
    },
    {
      name: 'a name alone',
      payload: encodeAmf0('onEndOfStream'),
      data: { name: 'onEndOfStream', value: undefined },
    },
    {
      name: '@setDataFrame several times',
      payload: encodeAmf0('@setDataFrame', '@setDataFrame', 'onMetaData', METADATA),
      data: { name: 'onMetaData', value: METADATA },
    },
    { name: '@setDataFrame alone', payload: encodeAmf0('@setDataFrame'), data: null },
    { name: 'a number where the name belongs', payload: encodeAmf0(1, 'onMetaData'), data: null },
    { name: 'nothing', payload: bytes(''), data: null },
  ])('reads $name', ({ payload, data }) => {
    expect(decodeData(payload)).toEqual(data);
  });

  it('refuses what is no AMF0', () => {
    expect(codeOf(() => decodeData(bytes('02 0009 61')))).toBe('amf-malformed');
  });
});

describe('encodeMetadata', () => {
  it('writes the name and an ECMA array', () => {
    expect(encodeMetadata({ width: 640 })).toEqual(
      bytes("02 000a 'onMetaData' 08 00000001 0005 'width' 00 4084000000000000 000009"),
    );
  });

  it('writes what it read', () => {
    const read = asMetadata(decodeData(encodeMetadata(METADATA))?.value);
    expect(read).toEqual(METADATA);
    expect(encodeMetadata(read ?? {})).toEqual(encodeMetadata(METADATA));
  });
});

describe('asMetadata', () => {
  it.each([[null], [undefined], ['text'], [1], [true], [[METADATA]], [new AmfDate(0)]])(
    'is null for %p',
    (value) => {
      expect(asMetadata(value)).toBeNull();
    },
  );
});

describe('the cue point of a splice', () => {
  it('names the source that follows', () => {
    const data = decodeData(
      encodeSpliceCuePoint('backup/spare', 1_767_225_600_000, 1_767_225_600_000 - 5_033),
    );
    expect(data?.name).toBe('onCuePoint');
    expect(asSpliceCuePoint(data?.name ?? '', data?.value)).toEqual({
      source: 'backup/spare',
      timestamp: 5_033,
    });
  });

  it.each([
    { name: 'other data', message: encodeAmf0('onTextData', { name: 'understudy.splice' }) },
    {
      name: 'a cue point of someone else',
      message: encodeAmf0('onCuePoint', { name: 'ad', parameters: { source: 'x' } }),
    },
    { name: 'no parameters', message: encodeAmf0('onCuePoint', { name: 'understudy.splice' }) },
    {
      name: 'a source that is no text',
      message: encodeAmf0('onCuePoint', { name: 'understudy.splice', parameters: { source: 1 } }),
    },
    { name: 'no object', message: encodeAmf0('onCuePoint', 'understudy.splice') },
  ])('is not $name', ({ message }) => {
    const data = decodeData(message);
    expect(asSpliceCuePoint(data?.name ?? '', data?.value)).toBeNull();
  });
});
