/** What CloudWatch would refuse, and the schema of CloudFormation lets pass, is found at synth. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CfnResource, Stack } from 'aws-cdk-lib';
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

/** Each finding, as `<logical id> <rule>`. */
function findings(alarms: Readonly<Record<string, object>>): string[] {
  const app = testApp();
  validateTemplates(app);
  const stack = new Stack(app, 'Stack');
  for (const [id, alarm] of Object.entries(alarms)) {
    new CfnResource(stack, id, { type: 'AWS::CloudWatch::Alarm', properties: { ...GOOD, ...alarm } });
  }
  expect(() => app.synth()).toThrow('ALARM_PERIOD');
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as Report;
  return report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${constructPath} ${ruleName}`),
    ),
  );
}

describe('the rules for alarms', () => {
  it('find each that CloudWatch would refuse or never act on, and none that is well', () => {
    const bad = BAD.map(({ alarm }, index) => [`Bad${index}`, alarm] as const);
    const fine = FINE.map((alarm, index) => [`Fine${index}`, alarm] as const);
    const found = findings(Object.fromEntries([...bad, ...fine]));
    expect(found.filter((line) => line.includes('ALARM_')).sort()).toEqual(
      BAD.map(({ rule }, index) => `Stack/Bad${index} ${rule}`).sort(),
    );
  });
});
