import type { Random } from '../support/random.ts';

/** Numbers at which parsers change their mind. */
const EDGES = [
  0, 1, 2, 3, 4, 7, 8, 16, 32, 63, 64, 65, 127, 128, 255, 256, 4_096, 65_535, 65_536, 0xffffff, 0x7fffffff,
];
const MOST_STEPS = 6;

export interface MutatorOptions {
  readonly random: Random;
  readonly maxBytes: number;
  /** Words of the protocol that chance would not find. */
  readonly dictionary: readonly Buffer[];
}

type Step = (data: Buffer, options: MutatorOptions, others: readonly Buffer[]) => Buffer;

/** One to six small changes to a copy of `data`; `others` are inputs to splice with. */
export function mutate(data: Buffer, options: MutatorOptions, others: readonly Buffer[]): Buffer {
  let changed: Buffer = Buffer.from(data);
  for (let steps = options.random.whole(1, MOST_STEPS); steps > 0; steps -= 1) {
    changed = options.random.pick(STEPS)(changed, options, others);
  }
  return changed.subarray(0, options.maxBytes);
}

const flipBit: Step = (data, { random }) => {
  if (data.length === 0) return data;
  const at = random.whole(0, data.length - 1);
  data[at] = (data[at] ?? 0) ^ (1 << random.whole(0, 7));
  return data;
};

const setByte: Step = (data, { random }) => {
  if (data.length === 0) return data;
  data[random.whole(0, data.length - 1)] = random.chance(0.5)
    ? random.whole(0, 255)
    : random.pick(EDGES) & 0xff;
  return data;
};

const setNumber: Step = (data, { random }) => {
  const size = random.pick([2, 3, 4]);
  if (data.length < size) return data;
  const at = random.whole(0, data.length - size);
  const value = random.pick(EDGES) % 2 ** (8 * size);
  if (random.chance(0.5)) data.writeUIntBE(value, at, size);
  else data.writeUIntLE(value, at, size);
  return data;
};

const insert: Step = (data, { random, dictionary }) => {
  const at = random.whole(0, data.length);
  const word =
    dictionary.length > 0 && random.chance(0.5)
      ? random.pick(dictionary)
      : Buffer.from(Array.from({ length: random.whole(1, 8) }, () => random.whole(0, 255)));
  return Buffer.concat([data.subarray(0, at), word, data.subarray(at)]);
};

const remove: Step = (data, { random }) => {
  const from = random.whole(0, data.length);
  const to = Math.min(data.length, from + random.whole(1, random.chance(0.5) ? 4 : 256));
  return Buffer.concat([data.subarray(0, from), data.subarray(to)]);
};

const repeat: Step = (data, { random }) => {
  const from = random.whole(0, data.length);
  const part = data.subarray(from, from + random.whole(1, 64));
  return Buffer.concat([
    data.subarray(0, from),
    ...Array(random.whole(2, 16)).fill(part),
    data.subarray(from),
  ]);
};

const splice: Step = (data, { random }, others) => {
  if (others.length === 0) return data;
  const other = random.pick(others);
  return Buffer.concat([
    data.subarray(0, random.whole(0, data.length)),
    other.subarray(random.whole(0, other.length)),
  ]);
};

const STEPS: readonly Step[] = [flipBit, setByte, setNumber, insert, remove, repeat, splice];
