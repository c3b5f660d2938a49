/** What hosts say between the packets: one table of values drives writing and reading, another what is refused. */
import { describe, expect, it } from '@jest/globals';
import type { AmfValue } from '../../runtime/codec/amf0.ts';
import { decodeData, encodeMetadata } from '../../runtime/codec/data-message.ts';
import type { ToldHealth } from '../../runtime/input/health.ts';
import type { RelayMark } from '../../runtime/input/input.ts';
import {
  encodeHealth,
  encodeMark,
  HEALTH,
  isRelayMessage,
  MARK,
  readHealth,
  readMark,
  readPosition,
} from '../../runtime/relay/relay-message.ts';
import { RelayReceiver } from '../../runtime/relay/relay-receiver.ts';
import { codeOf } from '../golden/protocol-errors.ts';
import { audioPacket } from '../input/sample-packets.ts';
import { dataPacket } from './relay-stage.ts';

const SINCE = 1_767_225_600_123.456;

const marks: { name: string; mark: RelayMark }[] = [
  {
    name: 'a first packet',
    mark: { epoch: 1_767_225_600_000, sequence: 1, dts: 0, offset: 1_767_225_600_000 },
  },
  {
    name: 'a clock before its epoch',
    mark: { epoch: 1, sequence: 7, dts: 5_000_000_000, offset: -3_232_774_400_000 },
  },
  { name: 'large numbers', mark: { epoch: 2 ** 42, sequence: 2 ** 52, dts: 2 ** 40, offset: 2 ** 41 } },
];

const healths: { name: string; told: ToldHealth }[] = [
  { name: 'live', told: { health: 'live', detail: '', since: SINCE, arrivedAt: SINCE - 1, losses: [] } },
  {
    name: 'degraded, and why',
    told: { health: 'degraded', detail: 'no audio', since: SINCE, arrivedAt: 1, losses: [SINCE - 9, SINCE] },
  },
  {
    name: 'absent from the start',
    told: {
      health: 'absent',
      detail: '',
      since: Number.NEGATIVE_INFINITY,
      arrivedAt: Number.NEGATIVE_INFINITY,
      losses: [],
    },
  },
];

describe('a mark', () => {
  it.each(marks)('is read as it was written: $name', ({ mark }) => {
    const payload = encodeMark(mark);
    const data = decodeData(payload);
    expect(data?.name).toBe(MARK);
    expect(readMark(data?.value)).toEqual(mark);
    expect(isRelayMessage(payload)).toBe(true);
  });

  const good = { epoch: 1, sequence: 2, dts: 3, offset: 4 };
  it.each<[name: string, value: AmfValue]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a list', [1, 2, 3, 4]],
    ['an empty object', {}],
    ...Object.keys(good).flatMap(
      (key): Array<[string, AmfValue]> => [
        [`no ${key}`, { ...good, [key]: undefined }],
        [`${key} as text`, { ...good, [key]: '5' }],
        [`${key} that is no number`, { ...good, [key]: Number.NaN }],
        [`${key} without an end`, { ...good, [key]: Number.POSITIVE_INFINITY }],
        [`${key} with a fraction`, { ...good, [key]: 1.5 }],
        [`${key} beyond what is exact`, { ...good, [key]: 2 ** 53 }],
      ],
    ),
  ])('is refused: %s', (_name, value) => {
    expect(codeOf(() => readMark(value))).toBe('relay');
  });
});

describe('a health', () => {
  it.each(healths)('is read as it was written: $name', ({ told }) => {
    const payload = encodeHealth(told);
    const data = decodeData(payload);
    expect(data?.name).toBe(HEALTH);
    expect(readHealth(data?.value)).toEqual(told);
    expect(isRelayMessage(payload)).toBe(true);
  });

  const good = { health: 'live', detail: '', since: 1, arrivedAt: 1, losses: [1] };
  it.each<[name: string, value: AmfValue]>([
    ['nothing', undefined],
    ['an empty object', {}],
    ['a health that is none', { ...good, health: 'well' }],
    ['a health that is a name of JavaScript', { ...good, health: 'constructor' }],
    ['no time', { ...good, since: undefined }],
    ['a time as text', { ...good, since: 'now' }],
    ['a time that is no number', { ...good, arrivedAt: Number.NaN }],
    ['no losses', { ...good, losses: undefined }],
    ['losses that are no list', { ...good, losses: 7 }],
    ['a loss that is no time', { ...good, losses: [1, 'two'] }],
  ])('is refused: %s', (_name, value) => {
    expect(codeOf(() => readHealth(value))).toBe('relay');
  });

  it('keeps the last losses, and not without end', () => {
    const losses = Array.from({ length: 500 }, (_, index) => index);
    expect(readHealth({ ...good, losses }).losses).toEqual(losses.slice(-200));
  });

  it('keeps a text short, and takes what is none for an empty one', () => {
    expect(readHealth({ ...good, detail: 'x'.repeat(1_000) }).detail).toHaveLength(200);
    expect(readHealth({ ...good, detail: 7 }).detail).toBe('');
  });
});

describe('other data', () => {
  it.each([
    ['onMetaData', encodeMetadata({ width: 640 })],
    ['no AMF0 of a name', Buffer.from([5])],
    ['nothing', Buffer.alloc(0)],
  ])('is not of hosts: %s', (_name, payload) => {
    expect(isRelayMessage(payload)).toBe(false);
  });
});

describe('a position', () => {
  it.each<[epoch: unknown, sequence: unknown, position: ReturnType<typeof readPosition>]>([
    ['1767225600000', '42', { epoch: 1_767_225_600_000, sequence: 42 }],
    [1_767_225_600_000, 42, { epoch: 1_767_225_600_000, sequence: 42 }],
    [5, 0, { epoch: 5, sequence: 0 }],
    [0, 0, null],
    [-5, 7, null],
    [undefined, undefined, null],
    [null, null, null],
    ['7', undefined, null],
    ['7', 'seven', null],
    ['1.5', '7', null],
    ['1e400', '7', null],
    [{}, [], null],
  ])('%j and %j', (epoch, sequence, position) => {
    expect(readPosition(epoch, sequence)).toEqual(position);
  });
});

describe('the receiving end', () => {
  function setUp() {
    const log: string[] = [];
    const receiver = new RelayReceiver({
      mark: ({ sequence }) => log.push(`mark ${sequence}`),
      health: ({ health }) => log.push(health),
      packet: ({ track }, sequence) => log.push(`${track} ${sequence}`),
      metadata: (metadata) => log.push(JSON.stringify(metadata)),
      end: () => {},
    });
    return { log, receiver };
  }
  const empty = dataPacket(Buffer.alloc(0));

  it('numbers what follows a mark', () => {
    const { log, receiver } = setUp();
    receiver.data(MARK, { epoch: 1, sequence: 7, dts: 0, offset: 0 }, empty);
    receiver.packet(audioPacket(0));
    receiver.data('onMetaData', { width: 1 }, empty);
    receiver.data(HEALTH, { health: 'live', detail: '', since: 0, arrivedAt: 0, losses: [] }, empty);
    receiver.data('onCuePoint', null, empty);
    receiver.packet(audioPacket(20));
    expect(log).toEqual(['mark 7', 'audio 7', '{"width":1}', 'live', 'data 8', 'audio 9']);
  });

  it.each<[string, (receiver: RelayReceiver) => void]>([
    ['a frame before the first mark', (receiver) => receiver.packet(audioPacket(0))],
    ['data before the first mark', (receiver) => receiver.data('onCuePoint', null, empty)],
    ['a malformed mark', (receiver) => receiver.data(MARK, {}, empty)],
    ['a malformed health', (receiver) => receiver.data(HEALTH, {}, empty)],
  ])('refuses %s', (_name, task) => {
    const { log, receiver } = setUp();
    expect(codeOf(() => task(receiver))).toBe('relay');
    expect(log).toEqual([]);
  });
});
