import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ControlStack } from '../../../lib/stacks/control-stack.ts';
import type { AlarmKind } from '../../../runtime/contract/alarm-names.ts';
import {
  CONTROL_METRICS,
  type ControlMetricName,
  METRIC_DIMENSIONS,
  METRICS,
  type MetricName,
} from '../../../runtime/contract/metric-names.ts';
import { maskedTemplate, SMALL_FUNCTIONS, testApp, testConfig } from '../support/app.ts';
import {
  alarmProperties,
  type WatchedMetric,
  watchedByAlarms,
  watchedByDashboard,
  widgetsOf,
} from '../support/watched-metrics.ts';

function controlStack(changes: object = {}): ControlStack {
  return new ControlStack(testApp(), 'Control', {
    config: testConfig(changes),
    functionsDirectory: SMALL_FUNCTIONS,
  });
}

/** One alarm, by the end of its name. */
function alarm(stack: ControlStack, name: string): Record<string, unknown> {
  const found = alarmProperties(stack).find(({ AlarmName }) => AlarmName === name);
  if (found === undefined) throw new Error(`no alarm ${name}`);
  return found;
}

const byDefault = controlStack();

/** All series of our own: AWS's own have names that no contract of ours holds. */
function watchedIn(stack: ControlStack): WatchedMetric[] {
  const all = [...watchedByAlarms(stack), ...watchedByDashboard(stack)];
  return all.filter(({ namespace }) => !namespace.startsWith('AWS/'));
}

function contractOf(metric: string): { readonly unit: string; readonly wanted: readonly string[] } {
  if (metric in CONTROL_METRICS) {
    return { unit: CONTROL_METRICS[metric as ControlMetricName].unit, wanted: ['Deployment'] };
  }
  const { unit, subject } = METRICS[metric as MetricName];
  return { unit, wanted: METRIC_DIMENSIONS[subject] };
}

/** Complete, says the compiler. */
const KINDS: Record<AlarmKind, true> = {
  'input-loss': true,
  'host-lost': true,
  'host-recovery': true,
  'program-off-air': true,
  mismatch: true,
  'no-spare-left': true,
  'control-failing': true,
  'channel-input-loss': true,
};

describe('the control stack', () => {
  it('is the same as it was, for the default configuration', () => {
    expect(maskedTemplate(byDefault)).toMatchSnapshot();
  });

  it('is the same as it was, with everything on', () => {
    const stack = controlStack({
      name: 'summer-games',
      backups: [{ name: 'spare' }, { name: 'spare2' }],
      metrics: { cloudWatch: { namespace: 'Games/Live' } },
      aws: { alarmEmails: ['desk@example.org'] },
    });
    expect(maskedTemplate(stack)).toMatchSnapshot();
  });

  it('has an alarm for each input, each host and each program, by names that stay', () => {
    expect(
      alarmProperties(byDefault)
        .map(({ AlarmName }) => AlarmName)
        .sort(),
    ).toEqual([
      'understudy-control-failing-commands',
      'understudy-control-failing-dead-letters',
      'understudy-control-failing-errors',
      'understudy-control-failing-silence',
      'understudy-host-lost-backup-spare',
      'understudy-host-lost-master-camera1',
      'understudy-host-lost-master-camera2',
      'understudy-host-lost-master-camera3',
      'understudy-input-loss-backup-spare',
      'understudy-input-loss-master-camera1',
      'understudy-input-loss-master-camera2',
      'understudy-input-loss-master-camera3',
      'understudy-mismatch-camera1',
      'understudy-mismatch-camera2',
      'understudy-mismatch-camera3',
      'understudy-program-off-air-camera1',
      'understudy-program-off-air-camera2',
      'understudy-program-off-air-camera3',
    ]);
  });

  it('takes the silence of a host for a loss of its input and of itself, after 10 s and half a minute', () => {
    expect(alarm(byDefault, 'understudy-input-loss-master-camera1')).toMatchObject({
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      Period: 10,
      EvaluationPeriods: 1,
      TreatMissingData: 'breaching',
    });
    expect(alarm(byDefault, 'understudy-host-lost-backup-spare')).toMatchObject({
      Statistic: 'Sum',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      Period: 10,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
    expect(alarm(byDefault, 'understudy-program-off-air-camera2')).toMatchObject({
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      Period: 10,
      TreatMissingData: 'ignore',
    });
  });

  it('tells of inputs that differ after three minutes, and of none where nobody knows', () => {
    expect(alarm(byDefault, 'understudy-mismatch-camera2')).toMatchObject({
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 3,
      TreatMissingData: 'notBreaching',
      Dimensions: expect.arrayContaining([{ Name: 'Host', Value: 'master-camera2' }]),
    });
  });

  it('calls it "no spare left" when all backups are lost, not one of two', () => {
    const stack = controlStack({ backups: [{ name: 'spare' }, { name: 'spare2' }] });
    const [composite] = Object.values(
      Template.fromStack(stack).findResources('AWS::CloudWatch::CompositeAlarm'),
    );
    const rule = JSON.stringify(composite?.Properties.AlarmRule);
    expect(rule).toMatch(
      /^.*\(ALARM\(.*InputLossbackupspareAlarm.* AND ALARM\(.*InputLossbackupspare2Alarm.*\)\).*$/,
    );
    expect(rule).not.toMatch(/OR|NOT|master/);
    Template.fromStack(controlStack({ backups: [] })).resourceCountIs('AWS::CloudWatch::CompositeAlarm', 0);
  });

  it('tells of every alarm and of its end, by an encrypted topic that only its alarms may publish to', () => {
    const template = Template.fromStack(
      controlStack({ aws: { alarmEmails: ['a@example.org', 'b@example.org'] } }),
    );
    const topic = { Ref: Object.keys(template.findResources('AWS::SNS::Topic'))[0] };
    for (const type of ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm']) {
      template.allResourcesProperties(type, {
        AlarmActions: Match.arrayWith([topic]),
        OKActions: Match.arrayWith([topic]),
      });
    }
    template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: Match.objectLike({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }),
          }),
        ]),
      },
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
          }),
        ]),
      },
    });
    template.resourceCountIs('AWS::SNS::Subscription', 2);
  });

  it('says in each alarm what it means, what to do, and where the rest stands', () => {
    const { Resources } = Template.fromStack(byDefault).toJSON();
    const texts = Object.values(Resources as Record<string, { Properties: { AlarmDescription?: string } }>)
      .map(({ Properties }) => Properties?.AlarmDescription)
      .filter((text) => text !== undefined);
    expect(texts).toHaveLength(19);
    const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
    const anchors = [...page.matchAll(/^### (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    for (const text of texts) {
      expect(text).toMatch(/ More: docs\/operations\.md#[a-z-]+$/);
      expect(anchors).toContain(text.split('#')[1]);
    }
    expect(anchors).toEqual(expect.arrayContaining(Object.keys(KINDS)));
  });

  it('watches metrics of the contract only, each with the dimensions and the unit that it has there', () => {
    const watched = watchedIn(byDefault);
    expect(watched.length).toBeGreaterThan(40);
    for (const { namespace, metric, dimensions, unit, free } of watched) {
      expect(namespace).toBe('Understudy');
      const { unit: known, wanted } = contractOf(metric);
      expect([...Object.keys(dimensions), ...free].sort()).toEqual([...wanted].sort());
      expect([undefined, known]).toContain(unit);
      expect(dimensions.Deployment).toBe('understudy');
    }
    // Nothing that is measured is left out.
    expect([...new Set(watched.map(({ metric }) => metric))].sort()).toEqual(
      [...Object.keys(METRICS), ...Object.keys(CONTROL_METRICS)].sort(),
    );
  });

  it('follows the namespace and the name that the configuration gives the metrics', () => {
    const stack = controlStack({ name: 'games', metrics: { cloudWatch: { namespace: 'Games/Live' } } });
    for (const { namespace, dimensions } of watchedIn(stack)) {
      expect([namespace, dimensions.Deployment]).toEqual(['Games/Live', 'games']);
    }
  });

  it('has a row for each program, and fits one screen’s width', () => {
    const widgets = widgetsOf(byDefault);
    // The programs, the alarms, a heading and four graphs for each program, two graphs each of hosts and control.
    expect(widgets.map(({ type }) => type)).toEqual([
      'custom',
      'alarm',
      ...Array.from({ length: 3 }, () => ['text', 'metric', 'metric', 'metric', 'metric']).flat(),
      ...Array.from({ length: 4 }, () => 'metric'),
    ]);
  });

  it('gives a program of the slate alone neither an alarm nor a light', () => {
    const programs = [
      { name: 'camera1', candidates: ['master/camera1', 'slate'] },
      { name: 'loop', candidates: ['slate'] },
    ];
    const stack = controlStack({ programs });
    expect([...stack.programOffAirAlarms.keys()]).toEqual(['camera1']);
  });

  it('stays below what CloudWatch takes, with as many inputs as there may be', () => {
    const many = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index + 1}` }));
    const stack = controlStack({ masters: many('camera', 20), backups: many('spare', 3) });
    const widgets = widgetsOf(stack);
    expect(widgets.length).toBeLessThanOrEqual(500);
    const rows = widgets.map(({ properties }) => properties.metrics?.length ?? 0);
    expect(Math.max(...rows)).toBeLessThanOrEqual(500);
    expect(rows.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(2_500);
    expect(Object.keys(Template.fromStack(stack).toJSON().Resources).length).toBeLessThanOrEqual(500);
  });
});
