import { ProtocolError } from './protocol-error.ts';

/**
 * AMF0 values (Action Message Format 0, Adobe 2007) as plain JavaScript. ECMA arrays become objects. References (2.9)
 * are refused: no encoder sends them, and a few bytes of them can name a tree of any size.
 */
export type AmfValue = number | boolean | string | null | undefined | AmfDate | AmfValue[] | AmfObject;
/** Made without a prototype, so that a key such as `__proto__` is only a key. */
export interface AmfObject {
  readonly [key: string]: AmfValue;
}

/** 2.13: milliseconds since the epoch; the time zone of the wire is reserved and ignored. */
export class AmfDate {
  readonly epochMs: number;
  constructor(epochMs: number) {
    this.epochMs = epochMs;
  }
}

export const AmfMarker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
} as const;

/** Deeper or larger values are an attack, not a command: the deepest that encoders send is 3 levels, some 40 values. */
const MAX_DEPTH = 16;
const MAX_VALUES = 2_000;

/** Decodes all values in `bytes`. Throws ProtocolError where they are truncated, malformed or over the bounds. */
export function decodeAmf0(bytes: Buffer): AmfValue[] {
  const reader = new Amf0Reader(bytes);
  const values: AmfValue[] = [];
  while (reader.hasMore) values.push(reader.value(0));
  return values;
}

class Amf0Reader {
  private position = 0;
  private valuesLeft = MAX_VALUES;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get hasMore(): boolean {
    return this.position < this.bytes.length;
  }

  value(depth: number): AmfValue {
    if (depth > MAX_DEPTH) throw new ProtocolError('amf-too-deep', `AMF0 nested deeper than ${MAX_DEPTH}`);
    this.valuesLeft -= 1;
    if (this.valuesLeft < 0) {
      throw new ProtocolError('amf-too-many-values', `more than ${MAX_VALUES} AMF0 values in one message`);
    }
    const marker = this.bytes.readUInt8(this.take(1));
    switch (marker) {
      case AmfMarker.number:
        return this.bytes.readDoubleBE(this.take(8));
      case AmfMarker.boolean:
        return this.bytes.readUInt8(this.take(1)) !== 0;
      case AmfMarker.string:
        return this.string(this.bytes.readUInt16BE(this.take(2)));
      case AmfMarker.longString:
      case AmfMarker.xmlDocument:
        return this.string(this.bytes.readUInt32BE(this.take(4)));
      case AmfMarker.object:
        return this.object(depth);
      case AmfMarker.typedObject:
        this.string(this.bytes.readUInt16BE(this.take(2)));
        return this.object(depth);
      case AmfMarker.ecmaArray:
        // The count is a hint that some encoders get wrong (2.10); the end marker decides.
        this.take(4);
        return this.object(depth);
      case AmfMarker.strictArray:
        return this.strictArray(depth);
      case AmfMarker.date: {
        const epochMs = this.bytes.readDoubleBE(this.take(8));
        this.take(2);
        return new AmfDate(epochMs);
      }
      case AmfMarker.null:
        return null;
      case AmfMarker.undefined:
      case AmfMarker.unsupported:
        return undefined;
      default:
        throw new ProtocolError('amf-unsupported', `AMF0 marker 0x${marker.toString(16)}`);
    }
  }

  private take(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start) {
      throw new ProtocolError(
        'amf-malformed',
        `AMF0 value needs ${count} bytes, ${this.bytes.length - start} left`,
      );
    }
    this.position = start + count;
    return start;
  }

  private string(length: number): string {
    const start = this.take(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  private object(depth: number): AmfObject {
    const object: Record<string, AmfValue> = Object.create(null);
    for (;;) {
      const key = this.string(this.bytes.readUInt16BE(this.take(2)));
      if (key === '' && this.bytes[this.position] === AmfMarker.objectEnd) {
        this.position += 1;
        return object;
      }
      object[key] = this.value(depth + 1);
    }
  }

  private strictArray(depth: number): AmfValue[] {
    const count = this.bytes.readUInt32BE(this.take(4));
    const array: AmfValue[] = [];
    for (let i = 0; i < count; i += 1) array.push(this.value(depth + 1));
    return array;
  }
}

/** Encodes values one after another; plain objects as AMF0 objects. */
export function encodeAmf0(...values: readonly AmfValue[]): Buffer {
  const parts: Buffer[] = [];
  for (const value of values) writeValue(value, parts);
  return Buffer.concat(parts);
}

/** An ECMA array (2.10), the form that players expect onMetaData in. */
export function encodeEcmaArray(entries: AmfObject): Buffer {
  const parts: Buffer[] = [];
  const head = Buffer.alloc(5);
  head.writeUInt8(AmfMarker.ecmaArray, 0);
  head.writeUInt32BE(Object.keys(entries).length, 1);
  parts.push(head);
  writeEntries(entries, parts);
  return Buffer.concat(parts);
}

function writeValue(value: AmfValue, parts: Buffer[]): void {
  if (value === null) parts.push(Buffer.of(AmfMarker.null));
  else if (value === undefined) parts.push(Buffer.of(AmfMarker.undefined));
  else if (typeof value === 'number') parts.push(withDouble(AmfMarker.number, value, 9));
  else if (typeof value === 'boolean') parts.push(Buffer.of(AmfMarker.boolean, value ? 1 : 0));
  else if (typeof value === 'string') writeString(value, parts);
  else if (value instanceof AmfDate) parts.push(withDouble(AmfMarker.date, value.epochMs, 11));
  else if (Array.isArray(value)) {
    const head = Buffer.alloc(5);
    head.writeUInt8(AmfMarker.strictArray, 0);
    head.writeUInt32BE(value.length, 1);
    parts.push(head);
    for (const item of value) writeValue(item, parts);
  } else {
    parts.push(Buffer.of(AmfMarker.object));
    writeEntries(value, parts);
  }
}

function withDouble(marker: number, value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(marker, 0);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function writeString(value: string, parts: Buffer[]): void {
  const text = Buffer.from(value, 'utf8');
  const isLong = text.length > 0xffff;
  const head = Buffer.alloc(isLong ? 5 : 3);
  head.writeUInt8(isLong ? AmfMarker.longString : AmfMarker.string, 0);
  if (isLong) head.writeUInt32BE(text.length, 1);
  else head.writeUInt16BE(text.length, 1);
  parts.push(head, text);
}

function writeEntries(entries: AmfObject, parts: Buffer[]): void {
  for (const [key, value] of Object.entries(entries)) {
    const text = Buffer.from(key, 'utf8').subarray(0, 0xffff);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length, 0);
    parts.push(length, text);
    writeValue(value, parts);
  }
  parts.push(Buffer.of(0, 0, AmfMarker.objectEnd));
}
