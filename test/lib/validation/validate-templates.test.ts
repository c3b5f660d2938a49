/** What is wrong with a template fails the synth, and says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type App, CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { validateTemplates } from '../../../lib/validation/validate-templates.ts';
import { testApp } from '../support/app.ts';

const GOOD = {
  Namespace: 'Understudy',
  MetricName: 'InputLoss',
  Period: 10,
  EvaluationPeriods: 1,
  Threshold: 1,
  Statistic: 'Maximum',
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'breaching',
};

const BAD: ReadonlyArray<{ rule: string; alarm: object }> = [
  { rule: 'ALARM_PERIOD', alarm: { Period: 15 } },
  { rule: 'ALARM_PERIOD', alarm: { Period: 90 } },
  { rule: 'ALARM_PERIOD_OF_AWS_METRICS', alarm: { Namespace: 'AWS/EC2', Period: 10 } },
  { rule: 'ALARM_COMPARISON', alarm: { ComparisonOperator: 'LessThan' } },
  { rule: 'ALARM_STATISTIC', alarm: { Statistic: 'Median' } },
  { rule: 'ALARM_MISSING_DATA', alarm: { TreatMissingData: 'breeching' } },
  { rule: 'ALARM_MISSING_DATA', alarm: { TreatMissingData: undefined } },
];

const FINE = [{}, { Period: 20 }, { Period: 30 }, { Period: 300 }, { Namespace: 'AWS/EC2', Period: 60 }];

interface Report {
  readonly pluginReports: ReadonlyArray<{
    readonly violations: ReadonlyArray<{
      readonly ruleName: string;
      readonly violatingConstructs: ReadonlyArray<{ readonly constructPath: string }>;
    }>;
  }>;
}

/** Each finding of a synth that must fail, as `<path> <rule>`. */
function findings(stack: Stack): string[] {
  const app = stack.node.root as App;
  validateTemplates(app);
  expect(() => app.synth()).toThrow('validation-report.json');
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Report;
  return report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${constructPath} ${ruleName}`),
    ),
  );
}

describe('the validation of templates', () => {
  it('finds each alarm that CloudWatch would refuse or never act on, and none that is well', () => {
    const stack = new Stack(testApp(), 'Stack');
    const add = (id: string, alarm: object) =>
      new CfnResource(stack, id, { type: 'AWS::CloudWatch::Alarm', properties: { ...GOOD, ...alarm } });
    for (const [index, { alarm }] of BAD.entries()) add(`Bad${index}`, alarm);
    for (const [index, alarm] of FINE.entries()) add(`Fine${index}`, alarm);
    expect(
      findings(stack)
        .filter((line) => line.includes('ALARM_'))
        .sort(),
    ).toEqual(BAD.map(({ rule }, index) => `Stack/Bad${index} ${rule}`).sort());
  });

  it('asks what the AWS Solutions rules ask, where nobody has answered', () => {
    const stack = new Stack(testApp(), 'Stack');
    new Topic(stack, 'Open');
    Validations.of(new Topic(stack, 'Answered')).acknowledge({
      id: 'AwsSolutions-SNS3',
      reason: 'Nobody publishes to it.',
    });
    expect(findings(stack).filter((line) => line.includes('AwsSolutions'))).toEqual([
      'Stack/Open/Resource AwsSolutions-SNS3',
    ]);
  });
});
