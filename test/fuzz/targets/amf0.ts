import { decodeAmf0, encodeAmf0, withoutAmf3 } from '../../../runtime/codec/amf0.ts';
import { amf0Readings, amf0Refused, amf0Values } from '../../golden/amf0-values.ts';
import { amf3Refused, amf3Values } from '../../golden/amf3-values.ts';
import { orPeerMistake } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

export const target: Target = {
  maxBytes: 4_096,
  seeds: () =>
    [...amf0Values, ...amf0Readings, ...amf0Refused, ...amf3Values, ...amf3Refused].map(({ bytes }) => bytes),
  // What was read can be written, and read again; so can what was AMF3.
  run: (input) => {
    const values = orPeerMistake(() => decodeAmf0(input));
    if (values === null) return;
    decodeAmf0(encodeAmf0(...values));
    decodeAmf0(withoutAmf3(input));
  },
};
