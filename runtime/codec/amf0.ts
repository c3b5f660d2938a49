import { AmfCursor, AmfReferences } from './amf-cursor.ts';
import { AmfDate, type AmfObject, type AmfValue } from './amf-value.ts';
import { Amf3Reader } from './amf3.ts';
import { ProtocolError } from './protocol-error.ts';

export { AmfDate, type AmfObject, type AmfValue } from './amf-value.ts';

// Action Message Format 0 (Adobe, 2007); sections in brackets.

export const AmfMarker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  avmPlus: 0x11,
} as const;

/** Decodes all values in `bytes`. Throws ProtocolError where they are truncated, malformed or over the bounds. */
export function decodeAmf0(bytes: Buffer): AmfValue[] {
  return new Amf0Reader(bytes).values();
}

/** The same values in AMF0 alone: `bytes` as they are, unless there is AMF3 in them. Errors as in decodeAmf0. */
export function withoutAmf3(bytes: Buffer): Buffer {
  const reader = new Amf0Reader(bytes);
  const values = reader.values();
  return reader.hasAmf3 ? encodeAmf0(...values) : bytes;
}

class Amf0Reader {
  private readonly cursor: AmfCursor;
  private readonly complex: AmfReferences<AmfValue>;
  /** For values that are written in AMF3 (3.1). */
  private amf3: Amf3Reader | null = null;

  constructor(bytes: Buffer) {
    this.cursor = new AmfCursor(bytes);
    this.complex = new AmfReferences(this.cursor);
  }

  get hasAmf3(): boolean {
    return this.amf3 !== null;
  }

  values(): AmfValue[] {
    const values: AmfValue[] = [];
    while (this.cursor.hasMore) values.push(this.value(0));
    return values;
  }

  private value(depth: number): AmfValue {
    const { cursor } = this;
    const marker = cursor.takeByte();
    if (marker === AmfMarker.avmPlus) return this.amf3Value(depth);
    cursor.enter(depth);
    switch (marker) {
      case AmfMarker.number:
        return cursor.bytes.readDoubleBE(cursor.take(8));
      case AmfMarker.boolean:
        return cursor.takeByte() !== 0;
      case AmfMarker.string:
        return this.text();
      case AmfMarker.longString:
      case AmfMarker.xmlDocument:
        return cursor.takeText(cursor.bytes.readUInt32BE(cursor.take(4)));
      case AmfMarker.object:
        return this.complex.add(depth, () => this.object(depth));
      case AmfMarker.typedObject:
        this.text();
        return this.complex.add(depth, () => this.object(depth));
      case AmfMarker.ecmaArray:
        // The count is a hint that some encoders get wrong (2.10); the end marker decides.
        cursor.take(4);
        return this.complex.add(depth, () => this.object(depth));
      case AmfMarker.strictArray:
        return this.complex.add(depth, () => this.strictArray(depth));
      case AmfMarker.reference:
        return this.complex.get(depth, cursor.bytes.readUInt16BE(cursor.take(2)));
      case AmfMarker.date: {
        const epochMs = cursor.bytes.readDoubleBE(cursor.take(8));
        cursor.take(2);
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

  private amf3Value(depth: number): AmfValue {
    this.amf3 ??= new Amf3Reader(this.cursor);
    return this.amf3.value(depth);
  }

  private text(): string {
    return this.cursor.takeText(this.cursor.bytes.readUInt16BE(this.cursor.take(2)));
  }

  private object(depth: number): AmfObject {
    const { cursor } = this;
    const object: Record<string, AmfValue> = Object.create(null);
    for (;;) {
      const key = this.text();
      if (key === '' && cursor.bytes[cursor.position] === AmfMarker.objectEnd) {
        cursor.position += 1;
        return object;
      }
      object[key] = this.value(depth + 1);
    }
  }

  private strictArray(depth: number): AmfValue[] {
    const count = this.cursor.bytes.readUInt32BE(this.cursor.take(4));
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
