import { randomUUID } from 'node:crypto';
import type { PutEventsCommandInput } from '@aws-sdk/client-eventbridge';
import { type BridgeEvent, wholeSecond } from './alarm-events.ts';
import { AwsError } from './aws-error.ts';
import { REGION } from './signature.ts';
import { ACCOUNT } from './template-alarms.ts';

interface Rule {
  /** `EventPattern` of `AWS::Events::Rule`. */
  readonly pattern: object;
  readonly target: (event: BridgeEvent) => void;
}

const MAX_ENTRIES = 10;

/** EventBridge's default bus: events go to the targets of all rules that match. */
export class EventBus {
  /** All that it carried. */
  readonly events: BridgeEvent[] = [];
  private readonly rules: Rule[] = [];
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  addRule(pattern: object, target: (event: BridgeEvent) => void): void {
    this.rules.push({ pattern, target });
  }

  carry(event: BridgeEvent): void {
    this.events.push(event);
    for (const { pattern, target } of this.rules) if (matches(pattern, event)) target(event);
  }

  /** What a schedule gives its targets: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
  scheduled(rule: string): BridgeEvent {
    const resources = [`arn:aws:events:${REGION}:${ACCOUNT}:rule/${rule}`];
    const origin = { account: ACCOUNT, region: REGION, source: 'aws.events', resources };
    const time = wholeSecond(this.now());
    return { version: '0', id: randomUUID(), time, 'detail-type': 'Scheduled Event', ...origin, detail: {} };
  }

  /**
   * PutEvents: an entry that is not as it should be fails alone, in an answer that is a success.
   * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
   */
  readonly put = ({ Entries = [] }: PutEventsCommandInput): object => {
    if (Entries.length > MAX_ENTRIES) throw new AwsError('ValidationException', `${Entries.length} entries`);
    const results = Entries.map(({ Source, DetailType, Detail, Time, Resources = [] }) => {
      const detail = detailOf(Detail);
      if (!Source || !DetailType || Source.startsWith('aws.') || detail === null) {
        return {
          ErrorCode: detail === null ? 'MalformedDetail' : 'InvalidArgument',
          ErrorMessage: 'not an event',
        };
      }
      const id = randomUUID();
      const time = wholeSecond(Time?.getTime() ?? this.now());
      const origin = { account: ACCOUNT, region: REGION, source: Source, resources: Resources };
      this.carry({ version: '0', id, time, 'detail-type': DetailType, ...origin, detail });
      return { EventId: id };
    });
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  };
}

/** Null where it is no object. */
function detailOf(text: string | undefined): object | null {
  try {
    const detail: unknown = JSON.parse(text ?? '{}');
    return typeof detail === 'object' && !Array.isArray(detail) ? detail : null;
  } catch {
    return null;
  }
}

/**
 * Whether an event has, for each leaf of the pattern, one of its values. Of the operators the tests know `prefix`; they
 * refuse the others. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function matches(pattern: object, event: object): boolean {
  return Object.entries(pattern).every(([key, wanted]) => {
    const own: unknown = Reflect.get(event, key);
    if (!Array.isArray(wanted)) return typeof own === 'object' && own !== null && matches(wanted, own);
    const values: unknown[] = Array.isArray(own) ? own : [own];
    return wanted.some((one) => values.some((value) => isWanted(one, value)));
  });
}

function isWanted(wanted: unknown, value: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return wanted === value;
  const [[operator, operand] = ['', ''], ...others] = Object.entries(wanted);
  if (operator !== 'prefix' || others.length > 0)
    throw new Error(`the test does not know ${JSON.stringify(wanted)}`);
  return typeof value === 'string' && value.startsWith(operand);
}
