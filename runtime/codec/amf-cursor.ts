import { ProtocolError } from './protocol-error.ts';

/** Deeper or larger values are an attack, not a command: the deepest that encoders send is 3 levels, some 40 values. */
const MAX_DEPTH = 16;
const MAX_VALUES = 2_000;
/** What a message with references may come to without them. A few bytes of references could name a tree of any size. */
const MAX_BYTES_WITHOUT_REFERENCES = 64 * 1024;

/** What a value, with all that it holds, takes of the bounds of a message. */
export interface AmfCost {
  readonly values: number;
  readonly bytes: number;
  /** Levels below the value itself. */
  readonly levels: number;
}

/**
 * A place in a message of AMF0 or AMF3, and what is left of the message's bounds; AMF3 inside AMF0 shares both. All that
 * is read is counted as if it stood there without references. Throws ProtocolError where a bound or the end is passed.
 */
export class AmfCursor {
  readonly bytes: Buffer;
  position = 0;
  private values = 0;
  private repeatedBytes = 0;
  /** The deepest level since `measure` last began. */
  private deepest = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get hasMore(): boolean {
    return this.position < this.bytes.length;
  }

  /** Goes on by so many bytes. Returns where they begin. */
  take(count: number): number {
    const start = this.position;
    const left = this.bytes.length - start;
    if (count > left)
      throw new ProtocolError('amf-malformed', `AMF value needs ${count} bytes, ${left} left`);
    this.position = start + count;
    return start;
  }

  takeByte(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  takeText(length: number): string {
    const start = this.take(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  /** A value begins. */
  enter(depth: number): void {
    this.goTo(depth);
    this.addValues(1);
  }

  /** Reads something at this depth, and says what it took. */
  measure<Value>(depth: number, read: () => Value): { readonly value: Value; readonly cost: AmfCost } {
    const { values, deepest, position, repeatedBytes } = this;
    this.deepest = depth;
    const value = read();
    const cost = {
      values: this.values - values,
      bytes: this.position - position + this.repeatedBytes - repeatedBytes,
      levels: this.deepest - depth,
    };
    this.deepest = Math.max(deepest, this.deepest);
    return { value, cost };
  }

  /** A reference at this depth stands for something that was read before. */
  repeat(depth: number, { values, bytes, levels }: AmfCost): void {
    this.goTo(depth + levels);
    this.addValues(values);
    this.repeatedBytes += bytes;
    if (this.position + this.repeatedBytes > MAX_BYTES_WITHOUT_REFERENCES) {
      throw new ProtocolError(
        'amf-too-many-values',
        `AMF of more than ${MAX_BYTES_WITHOUT_REFERENCES} bytes without its references`,
      );
    }
  }

  private goTo(depth: number): void {
    if (depth > MAX_DEPTH) throw new ProtocolError('amf-too-deep', `AMF nested deeper than ${MAX_DEPTH}`);
    this.deepest = Math.max(this.deepest, depth);
  }

  private addValues(count: number): void {
    this.values += count;
    if (this.values > MAX_VALUES) {
      throw new ProtocolError('amf-too-many-values', `more than ${MAX_VALUES} AMF values in one message`);
    }
  }
}

/** Values that later ones of the same message may refer to by their number. */
export class AmfReferences<Value> {
  private readonly entries: Array<{ readonly value: Value; readonly cost: AmfCost } | null> = [];
  private readonly cursor: AmfCursor;

  constructor(cursor: AmfCursor) {
    this.cursor = cursor;
  }

  /** Reads a value under the next number. While it is read, nothing may refer to it: it would hold itself. */
  add<Added extends Value>(depth: number, read: () => Added): Added {
    const index = this.entries.push(null) - 1;
    const entry = this.cursor.measure(depth, read);
    this.entries[index] = entry;
    return entry.value;
  }

  get(depth: number, index: number): Value {
    const entry = this.entries[index];
    if (entry === null) throw new ProtocolError('amf-unsupported', 'an AMF value that holds itself');
    if (entry === undefined) throw new ProtocolError('amf-malformed', `AMF reference ${index} to nothing`);
    this.cursor.repeat(depth, entry.cost);
    return entry.value;
  }
}
