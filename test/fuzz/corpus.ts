/** Inputs that each reached something no earlier one had: what mutations start from. */
export class Corpus {
  readonly inputs: Buffer[] = [];
  private readonly hits: Uint32Array;
  /** Of each counter, the powers of two that its count has been in. */
  private readonly seen: Uint32Array;

  constructor(hits: Uint32Array) {
    this.hits = hits;
    this.seen = new Uint32Array(hits.length);
  }

  /** How many counters have run at all. */
  get reached(): number {
    return this.seen.reduce((sum, powers) => sum + (powers === 0 ? 0 : 1), 0);
  }

  /** Looks at what the last run has counted, and keeps its input where that is new. */
  note(input: Buffer): boolean {
    const { hits, seen } = this;
    let isNew = false;
    for (let index = 0; index < hits.length; index += 1) {
      const count = hits[index] ?? 0;
      if (count === 0) continue;
      const power = 1 << (31 - Math.clz32(count));
      const before = seen[index] ?? 0;
      if ((before & power) !== 0) continue;
      seen[index] = before | power;
      isNew = true;
    }
    hits.fill(0);
    if (isNew) this.inputs.push(Buffer.from(input));
    return isNew;
  }
}
