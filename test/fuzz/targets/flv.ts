import { parseTag } from '../../../runtime/codec/clip-reader.ts';
import { decodeData } from '../../../runtime/codec/data-message.ts';
import { FlvReader } from '../../../runtime/codec/flv-reader.ts';
import { flvFiles, flvReadings } from '../../golden/flv-files.ts';
import { orPeerMistake } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

export const target: Target = {
  maxBytes: 8_192,
  dictionary: [Buffer.from('FLV\x01\x05\0\0\0\x09\0\0\0\0', 'latin1'), Buffer.from('onMetaData')],
  seeds: () => [...flvFiles, ...flvReadings].map(({ bytes }) => bytes),
  run: (input) => {
    const reader = new FlvReader((tag) => {
      orPeerMistake(() => parseTag(tag));
      orPeerMistake(() => decodeData(tag.body));
    });
    const half = input.length >> 1;
    orPeerMistake(() => {
      reader.push(input.subarray(0, half));
      reader.push(input.subarray(half));
    });
  },
};
