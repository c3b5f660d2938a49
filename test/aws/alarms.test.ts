/** The alarms of a synthesized stack, and data as hosts send them. */
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { ControlStack } from '../../lib/stacks/control-stack.ts';
import { SMALL_FUNCTIONS, testApp, testConfig } from '../lib/support/app.ts';
import { resourcesOf } from '../lib/support/hosts-template.ts';
import { actionEvent, bridgeEvent, type StateChange } from '../support/aws/alarm-events.ts';
import { Alarms, actionsOf } from '../support/aws/alarms.ts';
import { AwsEndpoint } from '../support/aws/aws-endpoint.ts';
import { physicalNames } from '../support/aws/local-aws.ts';
import { MetricStore } from '../support/aws/metric-store.ts';
import { REGION } from '../support/aws/signature.ts';
import { alarmsOf } from '../support/aws/template-alarms.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:alarms';
const INPUT_LOSS = 'understudy-input-loss-master-camera1';
const SPARE_LOSS = 'understudy-input-loss-backup-spare';
const NO_SPARE = 'understudy-no-spare-left';
const OFF_AIR = 'understudy-program-off-air-camera1';

const config = testConfig();
const template = Template.fromStack(
  new ControlStack(testApp(), 'Control', { config, functionsDirectory: SMALL_FUNCTIONS }),
);
const topicId = resourcesOf(template, 'AWS::SNS::Topic')[0]?.[0] ?? '';
const values = { ...physicalNames(template.toJSON()), [topicId]: TOPIC };
const stackAlarms = alarmsOf(template.toJSON(), values, REGION);

let clock: FakeClock;
let metrics: MetricStore;
let alarms: Alarms;
let delivered: Array<[afterMs: number, change: StateChange]>;
beforeEach(() => {
  clock = new FakeClock();
  metrics = new MetricStore(() => clock.now());
  delivered = [];
  alarms = new Alarms({
    clock,
    metrics,
    alarms: stackAlarms,
    deliver: (change) => delivered.push([clock.now() - EPOCH, change]),
  });
  alarms.start();
});

/** Each second, until `seconds` after now: whether an input is lost. */
function run(seconds: number, lost: Readonly<Record<string, number>>): void {
  for (let second = 0; second < seconds; second += 1) {
    const MetricData = Object.entries(lost).map(([input, Value]) => ({
      MetricName: 'InputLoss',
      Dimensions: [
        { Name: 'Deployment', Value: 'understudy' },
        { Name: 'Input', Value: input },
      ],
      Timestamp: new Date(clock.now()),
      Unit: 'Count' as const,
      StorageResolution: 1,
      Value,
    }));
    metrics.put({ Namespace: 'Understudy', MetricData });
    clock.advance(1_000);
  }
}

function changesOf(name: string): string[] {
  return delivered
    .filter(([, { alarm }]) => alarm.AlarmName === name)
    .map(([at, { state }]) => `${state.value}@${at / 1_000}`);
}

describe('the alarms of the tests', () => {
  it('follow the data of the stack’s own metrics, within 10 s of the period in which it happened', () => {
    run(15, { 'master/camera1': 0, 'backup/spare': 0 });
    run(1, { 'master/camera1': 1, 'backup/spare': 0 });
    run(24, { 'master/camera1': 0, 'backup/spare': 0 });
    expect(changesOf(INPUT_LOSS)).toEqual(['OK@10', 'ALARM@20', 'OK@30']);
    expect(changesOf(SPARE_LOSS)).toEqual(['OK@10']);
    // Its own data never came, and it leaves missing ones be.
    expect(changesOf(OFF_AIR)).toEqual([]);
    expect(alarms.stateOf(OFF_AIR).value).toBe('INSUFFICIENT_DATA');
  });

  it('take a host that is silent for a loss when the evaluation range is empty', () => {
    run(20, { 'backup/spare': 0 });
    run(40, {});
    expect(changesOf(SPARE_LOSS)).toEqual(['OK@10', 'ALARM@50']);
    expect(changesOf(NO_SPARE)).toEqual(['OK@10', 'ALARM@50']);
  });

  it('are delivered as often and as late as a test says, and all are on record', () => {
    alarms.schedule = ({ state }) => (state.value === 'OK' ? [] : [15_000, 0]);
    run(10, { 'master/camera1': 0 });
    run(20, { 'master/camera1': 1 });
    run(20, { 'master/camera1': 0 });
    expect(changesOf(INPUT_LOSS)).toEqual(['ALARM@20', 'ALARM@35']);
    const all = alarms.changes.filter(({ alarm }) => alarm.AlarmName === INPUT_LOSS);
    expect(all.map(({ state }) => state.value)).toEqual(['OK', 'ALARM', 'OK']);
  });

  it('act as the template says, and look to functions as AWS documents it', () => {
    run(10, { 'master/camera1': 0 });
    run(10, { 'master/camera1': 1 });
    const [, change] =
      delivered.find(([at, own]) => at === 20_000 && own.alarm.AlarmName === INPUT_LOSS) ?? [];
    if (change === undefined) throw new Error('no change');
    expect(actionsOf(change)).toEqual([expect.stringMatching(/:function:FailoverControl/), TOPIC]);
    const configuration = {
      description: expect.any(String),
      metrics: [
        {
          id: expect.any(String),
          metricStat: {
            metric: {
              namespace: 'Understudy',
              name: 'InputLoss',
              dimensions: { Deployment: 'understudy', Input: 'master/camera1' },
            },
            period: 10,
            stat: 'Maximum',
            unit: 'Count',
          },
          returnData: true,
        },
      ],
    };
    const state = { value: 'ALARM', reason: expect.any(String), timestamp: '2026-01-01T00:00:20.000+0000' };
    const previousState = { ...state, value: 'OK', timestamp: '2026-01-01T00:00:10.000+0000' };
    const arn = `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:${INPUT_LOSS}`;
    expect(actionEvent(change)).toEqual({
      source: 'aws.cloudwatch',
      alarmArn: arn,
      accountId: '123456789012',
      time: '2026-01-01T00:00:20.000+0000',
      region: 'eu-central-1',
      alarmData: { alarmName: INPUT_LOSS, state, previousState, configuration },
    });
    expect(bridgeEvent(change)).toEqual({
      version: '0',
      id: expect.any(String),
      'detail-type': 'CloudWatch Alarm State Change',
      source: 'aws.cloudwatch',
      account: '123456789012',
      time: '2026-01-01T00:00:20Z',
      region: 'eu-central-1',
      resources: [arn],
      detail: { alarmName: INPUT_LOSS, configuration, previousState, state },
    });
  });
});

describe('DescribeAlarms', () => {
  let endpoint: AwsEndpoint;
  let undo: () => void;
  let client: CloudWatchClient;
  beforeEach(async () => {
    endpoint = new AwsEndpoint({
      cloudwatch: { DescribeAlarms: alarms.describe, PutMetricData: metrics.put },
    });
    await endpoint.open();
    undo = endpoint.intoEnvironment();
    client = new CloudWatchClient();
  });
  afterEach(async () => {
    client.destroy();
    undo();
    await endpoint.close();
    expect(endpoint.problems).toEqual([]);
  });

  it('tells the states that data put by a client lead to', async () => {
    const datum = {
      MetricName: 'InputLoss',
      Dimensions: [
        { Name: 'Deployment', Value: 'understudy' },
        { Name: 'Input', Value: 'master/camera1' },
      ],
      Timestamp: new Date(EPOCH + 3_000),
      Unit: 'Count' as const,
      StorageResolution: 1,
      Value: 1,
    };
    await client.send(new PutMetricDataCommand({ Namespace: 'Understudy', MetricData: [datum] }));
    clock.advance(10_000);
    const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [INPUT_LOSS] }));
    expect(MetricAlarms).toEqual([
      expect.objectContaining({
        AlarmName: INPUT_LOSS,
        StateValue: 'ALARM',
        StateUpdatedTimestamp: new Date(EPOCH + 10_000),
        Period: 10,
        TreatMissingData: 'breaching',
      }),
    ]);
  });

  it('tells of composite alarms only where they are asked for, and of no alarm that there is not', async () => {
    const AlarmNames = [NO_SPARE, INPUT_LOSS, 'absent'];
    const metric = await client.send(new DescribeAlarmsCommand({ AlarmNames }));
    expect([metric.MetricAlarms?.length, metric.CompositeAlarms?.length]).toEqual([1, 0]);
    const AlarmTypes = ['MetricAlarm', 'CompositeAlarm'] as const;
    const both = await client.send(new DescribeAlarmsCommand({ AlarmNames, AlarmTypes: [...AlarmTypes] }));
    expect([both.MetricAlarms?.length, both.CompositeAlarms?.length]).toEqual([1, 1]);
  });

  it('tells of as many as are asked for, and then of the others', async () => {
    const input = { AlarmNamePrefix: 'understudy-input-loss', MaxRecords: 3 };
    const first = await client.send(new DescribeAlarmsCommand(input));
    const NextToken = first.NextToken;
    const second = await client.send(new DescribeAlarmsCommand({ ...input, NextToken }));
    expect(first.MetricAlarms).toHaveLength(3);
    expect(second.MetricAlarms?.map(({ AlarmName }) => AlarmName)).toEqual([SPARE_LOSS]);
    expect(second.NextToken).toBeUndefined();
  });

  it('refuses names together with a prefix', async () => {
    const both = new DescribeAlarmsCommand({ AlarmNames: [INPUT_LOSS], AlarmNamePrefix: 'under' });
    await expect(client.send(both)).rejects.toMatchObject({ name: 'InvalidParameterCombinationException' });
  });
});
