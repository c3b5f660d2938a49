/** What of an event is understood: the shapes that AWS sends, and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EventMistake, type EventMistakeCode, parseEvent } from '../../runtime/lambda/alarm-event.ts';
import type { ControlEvent } from '../../runtime/lambda/plan.ts';

const EVENTS = join(import.meta.dirname, '../golden/lambda-events');
const golden = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(EVENTS, `${name}.json`), 'utf8')) as Record<string, unknown>;

describe('an event', () => {
  it.each<[name: string, event: ControlEvent]>([
    [
      'alarm-action',
      {
        kind: 'alarm',
        alarm: 'understudy-input-loss-master-camera1',
        state: 'ALARM',
        previousState: 'OK',
        at: Date.UTC(2026, 2, 4, 18, 20, 31, 512),
      },
    ],
    [
      'alarm-state-change',
      {
        kind: 'alarm',
        alarm: 'understudy-host-lost-backup-spare',
        state: 'OK',
        previousState: 'ALARM',
        at: Date.UTC(2026, 2, 4, 18, 24, 11, 120),
      },
    ],
    [
      'composite-alarm-state-change',
      {
        kind: 'alarm',
        alarm: 'understudy-no-spare-left',
        state: 'INSUFFICIENT_DATA',
        previousState: null,
        at: Date.UTC(2026, 2, 4, 18, 26, 2, 250),
      },
    ],
    ['scheduled', { kind: 'reconcile' }],
  ])('as in %s.json is understood', (name, event) => {
    expect(parseEvent(golden(name))).toEqual(event);
  });

  it.each<[timestamp: string, at: number]>([
    ['2026-03-04T18:20:31.512+0000', Date.UTC(2026, 2, 4, 18, 20, 31, 512)],
    ['2026-03-04T18:20:31.512Z', Date.UTC(2026, 2, 4, 18, 20, 31, 512)],
    ['2026-03-04T18:20:31Z', Date.UTC(2026, 2, 4, 18, 20, 31)],
    ['2026-03-04T18:20:31.5124+00:00', Date.UTC(2026, 2, 4, 18, 20, 31, 512)],
    ['2026-03-04T20:20:31+0200', Date.UTC(2026, 2, 4, 18, 20, 31)],
  ])('of %s is placed in time', (timestamp, at) => {
    expect(parseEvent(alarm({ state: { value: 'OK', timestamp } }))).toMatchObject({ at });
  });
});

function alarm(rest: Record<string, unknown>): unknown {
  const { alarmData } = golden('alarm-action');
  return { source: 'aws.cloudwatch', alarmData: { ...(alarmData as object), ...rest } };
}

const LONG = 'x'.repeat(10_000);

describe('a mistake', () => {
  it.each<[name: string, event: unknown, code: EventMistakeCode, text: string]>([
    ['nothing', undefined, 'not-an-object', 'not undefined'],
    ['null', null, 'not-an-object', 'not null'],
    ['a text', '{}', 'not-an-object', 'not string'],
    ['an empty object', {}, 'unknown-sender', 'no source'],
    ['an array', [], 'unknown-sender', 'no source'],
    ['a notification', { Records: [{ EventSource: 'aws:sns' }] }, 'unknown-sender', 'no source'],
    [
      'another source',
      { source: 'aws.ec2', 'detail-type': 'EC2 Instance' },
      'unknown-sender',
      'aws.ec2, EC2',
    ],
    [
      'a schedule by somebody else',
      { source: 'me', 'detail-type': 'Scheduled Event' },
      'unknown-sender',
      'me, ',
    ],
    [
      'an alarm that was configured anew',
      { source: 'aws.cloudwatch', 'detail-type': 'CloudWatch Alarm Configuration Change', detail: {} },
      'unknown-sender',
      'Configuration Change',
    ],
    ['a very long source', { source: LONG }, 'unknown-sender', '…'],
    ['no alarm', { source: 'aws.cloudwatch', alarmData: null }, 'malformed-alarm', 'alarm: '],
    ['no name', alarm({ alarmName: '' }), 'malformed-alarm', 'alarm.alarmName: '],
    ['a very long name', alarm({ alarmName: LONG }), 'malformed-alarm', 'alarm.alarmName: '],
    [
      'a state that is none',
      alarm({ state: { value: LONG, timestamp: '2026-03-04T18:20:31Z' } }),
      'malformed-alarm',
      'alarm.state.value: ',
    ],
    ['no time', alarm({ state: { value: 'OK' } }), 'malformed-alarm', 'alarm.state.timestamp: '],
    [
      'a time of no calendar',
      alarm({ state: { value: 'OK', timestamp: '2026-13-04T18:20:31.512+0000' } }),
      'malformed-alarm',
      '2026-13-04',
    ],
    [
      'a very long time',
      alarm({ state: { value: 'OK', timestamp: LONG } }),
      'malformed-alarm',
      'alarm.state.timestamp: ',
    ],
    [
      'a number for a time',
      alarm({ state: { value: 'OK', timestamp: 1_772_648_431 } }),
      'malformed-alarm',
      'alarm.state.timestamp: ',
    ],
  ])('%s is named, in bounded text', (_name, event, code, text) => {
    const mistake = mistakeOf(event);
    expect(mistake).toMatchObject({ code, message: expect.stringContaining(text) });
    expect(mistake.message.length).toBeLessThan(200);
  });
});

function mistakeOf(event: unknown): EventMistake {
  try {
    parseEvent(event);
  } catch (error) {
    if (error instanceof EventMistake) return error;
    throw error;
  }
  throw new Error('it was understood');
}
