import { decodeAmf0, encodeAmf0 } from '../../../runtime/codec/amf0.ts';
import { amf0Readings, amf0Refused, amf0Values } from '../../golden/amf0-values.ts';
import { orPeerMistake } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

export const target: Target = {
  maxBytes: 4_096,
  seeds: () => [...amf0Values, ...amf0Readings, ...amf0Refused].map(({ bytes }) => bytes),
  // What was read can be written, and read again.
  run: (input) => {
    const values = orPeerMistake(() => decodeAmf0(input));
    if (values !== null) decodeAmf0(encodeAmf0(...values));
  },
};
