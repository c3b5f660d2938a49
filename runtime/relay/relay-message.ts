/**
 * What hosts say to each other between the packets of an input: data messages (RTMP 1.0, 7.1.2) with a name and one object.
 * They are read from hosts that have shown the relay key, and from nobody else.
 */
import { type AmfValue, encodeAmf0 } from '../codec/amf0.ts';
import { asObject, decodeData } from '../codec/data-message.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { type Health, MAX_LOSSES, type ToldHealth } from '../input/health.ts';
import type { InputPosition, RelayMark } from '../input/input.ts';

/** Where the packets behind it stand (RelayMark). */
export const MARK = 'understudy.mark';
/** How the input is (ToldHealth). */
export const HEALTH = 'understudy.health';

/** What hosts say begins with this; an encoder's own data message of such a name is not carried. */
const PREFIX = 'understudy.';

const HEALTHS: readonly Health[] = ['absent', 'starting', 'live', 'stalled', 'degraded'];
const MAX_DETAIL_LENGTH = 200;

export function encodeMark({ epoch, sequence, dts, offset }: RelayMark): Buffer {
  return encodeAmf0(MARK, { epoch, sequence, dts, offset });
}

export function encodeHealth({ health, detail, since, arrivedAt, losses }: ToldHealth): Buffer {
  return encodeAmf0(HEALTH, { health, detail, since, arrivedAt, losses: [...losses] });
}

/** Whether another host would read a data message as one of ours: a name can be written in more than one way. */
export function isRelayMessage(payload: Buffer): boolean {
  return decodeData(payload)?.name.startsWith(PREFIX) === true;
}

/** Throws ProtocolError where it is no mark. */
export function readMark(value: AmfValue): RelayMark {
  const { epoch, sequence, dts, offset } = asObject(value);
  return {
    epoch: whole(epoch, 'epoch'),
    sequence: whole(sequence, 'sequence'),
    dts: whole(dts, 'dts'),
    offset: whole(offset, 'offset'),
  };
}

/** Throws ProtocolError where it is no health. */
export function readHealth(value: AmfValue): ToldHealth {
  const { health, detail, since, arrivedAt, losses } = asObject(value);
  const known = HEALTHS.find((one) => one === health);
  if (known === undefined) throw malformed('health');
  return {
    health: known,
    detail: typeof detail === 'string' ? detail.slice(0, MAX_DETAIL_LENGTH) : '',
    since: time(since, 'since'),
    arrivedAt: time(arrivedAt, 'arrivedAt'),
    losses: times(losses, 'losses'),
  };
}

/** A position as it stands in a query or in a status; null where there is none, or one that makes no sense. */
export function readPosition(epoch: unknown, sequence: unknown): InputPosition | null {
  const position = { epoch: Number(epoch ?? Number.NaN), sequence: Number(sequence ?? Number.NaN) };
  const isWhole = Number.isSafeInteger(position.epoch) && Number.isSafeInteger(position.sequence);
  return isWhole && position.epoch > 0 ? position : null;
}

function whole(value: AmfValue, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed(name);
  return value;
}

/** -Infinity stands for "from the start". */
function time(value: AmfValue, name: string): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw malformed(name);
  return value;
}

function times(value: AmfValue, name: string): number[] {
  if (!Array.isArray(value)) throw malformed(name);
  return value.slice(-MAX_LOSSES).map((one) => time(one, name));
}

function malformed(name: string): ProtocolError {
  return new ProtocolError('relay', `a relay's message has no ${name} that makes sense`);
}
