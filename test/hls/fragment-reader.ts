/** Reads movie fragments (ISO 14496-12, 8.8), to look at what a segmenter made. */

export interface ReadRun {
  readonly track: number;
  /** In ticks of 90 kHz. */
  readonly start: number;
  readonly samples: ReadonlyArray<{ duration: number; cts: number; isSync: boolean; data: Buffer }>;
}

export interface ReadFragment {
  readonly sequenceNumber: number;
  readonly runs: readonly ReadRun[];
}

/** The boxes of some bytes, by type and in order. Throws where they do not fill them. */
export function boxes(bytes: Buffer): Array<{ type: string; content: Buffer }> {
  const found: Array<{ type: string; content: Buffer }> = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > bytes.length) throw new Error(`a box of ${size} bytes at ${at}`);
    found.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      content: bytes.subarray(at + 8, at + size),
    });
    at += size;
  }
  return found;
}

/** The content of the box at a path of types. */
export function boxAt(bytes: Buffer, ...path: readonly string[]): Buffer {
  let content = bytes;
  for (const type of path) {
    const next = boxes(content).find((box) => box.type === type);
    if (next === undefined) throw new Error(`there is no ${type} of ${path.join('/')}`);
    content = next.content;
  }
  return content;
}

export function readFragment(bytes: Buffer): ReadFragment {
  const moof = boxAt(bytes, 'moof');
  const runs = boxes(moof)
    .filter(({ type }) => type === 'traf')
    .map(({ content }) => readRun(content, bytes));
  return { sequenceNumber: boxAt(moof, 'mfhd').readUInt32BE(4), runs };
}

function readRun(traf: Buffer, fragment: Buffer): ReadRun {
  const trun = boxAt(traf, 'trun');
  let dataAt = trun.readInt32BE(8);
  const samples = Array.from({ length: trun.readUInt32BE(4) }, (_, index) => {
    const [duration, size, flags, cts] = [0, 4, 8, 12].map((at) => trun.readUInt32BE(12 + 16 * index + at));
    const data = fragment.subarray(dataAt, dataAt + (size ?? 0));
    dataAt += size ?? 0;
    return { duration: duration ?? 0, cts: cts ?? 0, isSync: ((flags ?? 0) & 0x10000) === 0, data };
  });
  return {
    track: boxAt(traf, 'tfhd').readUInt32BE(4),
    start: Number(boxAt(traf, 'tfdt').readBigUInt64BE(4)),
    samples,
  };
}
