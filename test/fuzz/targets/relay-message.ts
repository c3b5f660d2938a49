import { decodeData } from '../../../runtime/codec/data-message.ts';
import { encodeHealth, encodeMark, readHealth, readMark } from '../../../runtime/relay/relay-message.ts';
import { orPeerMistake } from '../peer-mistake.ts';
import type { Target } from '../target.ts';

/** What another host says on a relay. */
export const target: Target = {
  maxBytes: 4_096,
  seeds: () => [
    encodeMark({ epoch: 1, sequence: 7, dts: 40, offset: 1_000 }),
    encodeHealth({ health: 'live', detail: 'd', since: 1, arrivedAt: 1, losses: [1, 2] }),
  ],
  run: (input) => {
    const data = orPeerMistake(() => decodeData(input));
    if (data === null) return;
    orPeerMistake(() => readMark(data.value));
    orPeerMistake(() => readHealth(data.value));
  },
};
