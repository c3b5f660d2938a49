import * as z from 'zod';
import { shortened } from '../contract/wording.ts';
import type { ControlEvent } from './plan.ts';

// What Lambda hands the function, from three senders:
//
//   an alarm's own Lambda action      source aws.cloudwatch, alarmData
//   an EventBridge rule for alarms    source aws.cloudwatch, detail-type CloudWatch Alarm State Change, detail
//   an EventBridge rule for the time  source aws.events,     detail-type Scheduled Event
//
// Only fields that are used are looked at; AWS may add others at any time.

export type EventMistakeCode = 'not-an-object' | 'unknown-sender' | 'malformed-alarm';

/** An event that none of the three sends. Trying it again would not help. */
export class EventMistake extends Error {
  readonly code: EventMistakeCode;

  constructor(code: EventMistakeCode, message: string) {
    super(message);
    this.name = 'EventMistake';
    this.code = code;
  }
}

/** CloudWatch writes 2026-01-01T00:00:00.000+0000 into alarms, EventBridge 2026-01-01T00:00:00Z around them. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:Z|([+-]\d\d):?(\d\d))$/;

const timestamp = z.string().transform((text, { addIssue }): number => {
  const [, local, hours = '+00', minutes = '00'] = TIMESTAMP.exec(text) ?? [];
  // biome-ignore lint/style/noRestrictedGlobals: a text is read here, and no clock.
  const at = local === undefined ? Number.NaN : Date.parse(`${local}${hours}:${minutes}`);
  if (Number.isNaN(at)) addIssue({ code: 'custom', message: `"${shortened(text)}" is no time` });
  return at;
});

const stateValue = z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

/** `alarmData` of the one sender, `detail` of the other. Names as CloudWatch allows them. */
const alarmSchema = z.object({
  alarmName: z.string().min(1).max(255),
  state: z.object({ value: stateValue, timestamp }),
  previousState: z.object({ value: stateValue }).nullish(),
});

const senderSchema = z.object({
  source: z.string(),
  'detail-type': z.string().optional(),
  detail: z.unknown().optional(),
  alarmData: z.unknown().optional(),
});

/** Throws an `EventMistake`, with a text that can be logged: bounded, whatever the event was. */
export function parseEvent(event: unknown): ControlEvent {
  if (typeof event !== 'object' || event === null) {
    throw new EventMistake(
      'not-an-object',
      `an event is an object, not ${event === null ? 'null' : typeof event}`,
    );
  }
  const sender = senderSchema.safeParse(event);
  if (!sender.success) throw new EventMistake('unknown-sender', 'the event names no source');
  const { source, 'detail-type': type, detail, alarmData } = sender.data;
  if (source === 'aws.events' && type === 'Scheduled Event') return { kind: 'reconcile' };
  if (source === 'aws.cloudwatch' && type === 'CloudWatch Alarm State Change') return parseAlarm(detail);
  if (source === 'aws.cloudwatch' && alarmData !== undefined) return parseAlarm(alarmData);
  const given = type === undefined ? source : `${source}, ${type}`;
  throw new EventMistake('unknown-sender', `neither an alarm nor the schedule: ${shortened(given)}`);
}

function parseAlarm(data: unknown): ControlEvent {
  const result = alarmSchema.safeParse(data);
  if (!result.success) {
    const [first] = result.error.issues;
    const where = ['alarm', ...(first?.path ?? [])].join('.');
    throw new EventMistake('malformed-alarm', `${where}: ${first?.message ?? 'malformed'}`);
  }
  const { alarmName, state, previousState } = result.data;
  return {
    kind: 'alarm',
    alarm: alarmName,
    state: state.value,
    previousState: previousState?.value ?? null,
    at: state.timestamp,
  };
}
