import { type AmfCursor, AmfReferences } from './amf-cursor.ts';
import { AmfDate, type AmfObject, type AmfValue } from './amf-value.ts';
import { ProtocolError } from './protocol-error.ts';

// Action Message Format 3 (Adobe, January 2013); sections in brackets. It is only read, where it stands inside AMF0.

const Marker = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  integer: 0x04,
  double: 0x05,
  string: 0x06,
  xmlDocument: 0x07,
  date: 0x08,
  array: 0x09,
  object: 0x0a,
  xml: 0x0b,
  byteArray: 0x0c,
  vectorInt: 0x0d,
  vectorUint: 0x0e,
  vectorDouble: 0x0f,
  vectorObject: 0x10,
  dictionary: 0x11,
} as const;

/** What an object's class says of its fields (3.12). */
interface Traits {
  readonly isDynamic: boolean;
  readonly names: readonly string[];
}

/** Reads AMF3 values from a message. One reader a message: later values may refer to earlier ones. */
export class Amf3Reader {
  private readonly cursor: AmfCursor;
  private readonly strings: AmfReferences<string>;
  private readonly complex: AmfReferences<AmfValue>;
  private readonly traits: AmfReferences<Traits>;

  constructor(cursor: AmfCursor) {
    this.cursor = cursor;
    this.strings = new AmfReferences(cursor);
    this.complex = new AmfReferences(cursor);
    this.traits = new AmfReferences(cursor);
  }

  /** Reads one value. Throws ProtocolError where it is truncated, malformed or over the bounds. */
  value(depth: number): AmfValue {
    this.cursor.enter(depth);
    const marker = this.cursor.takeByte();
    switch (marker) {
      case Marker.undefined:
        return undefined;
      case Marker.null:
        return null;
      case Marker.false:
        return false;
      case Marker.true:
        return true;
      case Marker.integer:
        // 3.6: 29 bits with a sign.
        return (this.u29() << 3) >> 3;
      case Marker.double:
        return this.double();
      case Marker.string:
        return this.string();
      case Marker.xmlDocument:
      case Marker.xml:
        return this.reference(depth, (length) => this.cursor.takeText(length));
      case Marker.date:
        return this.reference(depth, () => new AmfDate(this.double()));
      case Marker.array:
        return this.reference(depth, (count) => this.array(count, depth));
      case Marker.object:
        return this.reference(depth, (header) => this.object(header, depth));
      case Marker.byteArray:
        // 3.14: AMF0, which everything is passed on in, has no such type.
        return this.reference(depth, (length) => void this.cursor.take(length));
      case Marker.vectorInt:
        return this.vector(depth, () => this.cursor.bytes.readInt32BE(this.cursor.take(4)));
      case Marker.vectorUint:
        return this.vector(depth, () => this.cursor.bytes.readUInt32BE(this.cursor.take(4)));
      case Marker.vectorDouble:
        return this.vector(depth, () => this.double());
      case Marker.vectorObject:
        return this.reference(depth, (count) => {
          this.cursor.take(1);
          this.string();
          return this.list(count, () => this.value(depth + 1));
        });
      case Marker.dictionary:
        return this.reference(depth, (count) => this.dictionary(count, depth));
      default:
        throw new ProtocolError('amf-unsupported', `AMF3 marker 0x${marker.toString(16)}`);
    }
  }

  /** 1.3.1: up to four bytes, seven bits in each of the first three, eight in the fourth. */
  private u29(): number {
    let value = 0;
    for (let i = 0; i < 3; i += 1) {
      const byte = this.cursor.takeByte();
      value = (value << 7) | (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return (value << 8) | this.cursor.takeByte();
  }

  private double(): number {
    return this.cursor.bytes.readDoubleBE(this.cursor.take(8));
  }

  /** 1.3.2: a length, or the number of an earlier string. The empty one has no number. */
  private string(): string {
    const header = this.u29();
    if ((header & 1) === 0) return this.strings.get(0, header >> 1);
    const length = header >> 1;
    return length === 0 ? '' : this.strings.add(0, () => this.cursor.takeText(length));
  }

  /** 2.2: the number of an earlier value, or a header, less its lowest bit, and what follows it. */
  private reference(depth: number, read: (header: number) => AmfValue): AmfValue {
    const header = this.u29();
    return (header & 1) === 0
      ? this.complex.get(depth, header >> 1)
      : this.complex.add(depth, () => read(header >> 1));
  }

  /** 3.11: named entries up to an empty name, then so many without a name. */
  private array(count: number, depth: number): AmfValue[] | AmfObject {
    const named = this.namedValues(depth);
    const dense = this.list(count, () => this.value(depth + 1));
    return Object.keys(named).length === 0 ? dense : Object.assign(named, dense);
  }

  /** 3.12. */
  private object(header: number, depth: number): AmfObject {
    const { names, isDynamic } = this.readTraits(header);
    const object: Record<string, AmfValue> = Object.create(null);
    for (const name of names) object[name] = this.value(depth + 1);
    return isDynamic ? Object.assign(object, this.namedValues(depth)) : object;
  }

  private readTraits(header: number): Traits {
    if ((header & 1) === 0) return this.traits.get(0, header >> 1);
    if ((header & 2) !== 0) {
      throw new ProtocolError('amf-unsupported', 'AMF3 object in a form of its own class');
    }
    return this.traits.add(0, () => {
      this.string();
      return { isDynamic: (header & 4) !== 0, names: this.list(header >> 3, () => this.string()) };
    });
  }

  private namedValues(depth: number): Record<string, AmfValue> {
    const values: Record<string, AmfValue> = Object.create(null);
    for (;;) {
      const name = this.string();
      if (name === '') return values;
      values[name] = this.value(depth + 1);
    }
  }

  /** 3.15: a count, a byte that says whether it may grow, numbers. */
  private vector(depth: number, number: () => number): AmfValue {
    return this.reference(depth, (count) => {
      this.cursor.take(1);
      return this.list(count, () => {
        this.cursor.enter(depth + 1);
        return number();
      });
    });
  }

  /** 3.16: a byte for weak keys, then keys and values. */
  private dictionary(count: number, depth: number): AmfObject {
    this.cursor.take(1);
    const entries: Record<string, AmfValue> = Object.create(null);
    for (let i = 0; i < count; i += 1) {
      const key = this.value(depth + 1);
      const value = this.value(depth + 1);
      // Keys that are objects have no name.
      if (typeof key !== 'object') entries[String(key)] = value;
    }
    return entries;
  }

  private list<Item>(count: number, read: () => Item): Item[] {
    const items: Item[] = [];
    for (let i = 0; i < count; i += 1) items.push(read());
    return items;
  }
}
