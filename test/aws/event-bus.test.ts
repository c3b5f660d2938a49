import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from '@jest/globals';
import { AwsEndpoint } from '../support/aws/aws-endpoint.ts';
import { EventBus, matches } from '../support/aws/event-bus.ts';
import { EPOCH } from '../support/fake-clock.ts';

describe('the event bus of the tests', () => {
  it('carries what is put on it to rules that match, and fails the entries that are no events', async () => {
    const bus = new EventBus(() => EPOCH);
    const endpoint = new AwsEndpoint({ eventbridge: { PutEvents: bus.put } });
    await endpoint.open();
    const undo = endpoint.intoEnvironment();
    const client = new EventBridgeClient();
    const seen: unknown[] = [];
    bus.addRule({ source: ['understudy'] }, (event) => seen.push(event));
    bus.addRule({ source: ['another'] }, () => seen.push('another'));
    const entry = { Source: 'understudy', DetailType: 'Switch', Detail: '{"program":"camera1"}' };
    const Entries = [entry, { ...entry, Detail: 'no JSON' }, { ...entry, Source: 'aws.cloudwatch' }];
    const answer = await client.send(new PutEventsCommand({ Entries }));
    client.destroy();
    undo();
    await endpoint.close();
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'InvalidArgument',
    ]);
    expect(seen).toEqual([
      expect.objectContaining({
        time: '2026-01-01T00:00:00Z',
        'detail-type': 'Switch',
        detail: { program: 'camera1' },
      }),
    ]);
  });

  it.each([
    [{ source: ['aws.cloudwatch'] }, true],
    [{ source: ['aws.ec2', 'aws.cloudwatch'] }, true],
    [{ source: ['aws.ec2'] }, false],
    [{ detail: { state: { value: ['ALARM', 'OK'] } } }, true],
    [{ detail: { state: { value: ['OK'] } } }, false],
    [{ detail: { alarmName: [{ prefix: 'understudy-' }] } }, true],
    [{ detail: { alarmName: [{ prefix: 'another-' }] } }, false],
    [{ resources: ['arn:b'] }, true],
    [{ absent: { value: ['a'] } }, false],
    [{ source: ['aws.cloudwatch'], resources: ['arn:c'] }, false],
  ])('matches %j: %p', (pattern, expected) => {
    const detail = { alarmName: 'understudy-host-lost-a', state: { value: 'ALARM' } };
    expect(matches(pattern, { source: 'aws.cloudwatch', resources: ['arn:a', 'arn:b'], detail })).toBe(
      expected,
    );
  });

  it('refuses an operator that it does not know', () => {
    expect(() => matches({ source: [{ suffix: 'a' }] }, { source: 'a' })).toThrow(/suffix/);
  });
});
