import type { ValidationRuleSource } from 'aws-cdk-lib';

const SECONDS_A_DAY = 86_400;
/** PutMetricAlarm takes these, and multiples of a minute; over a day only with longer evaluation, which nobody needs here. */
const PERIODS_SECONDS = [
  10,
  20,
  30,
  ...Array.from({ length: SECONDS_A_DAY / 60 }, (_, index) => (index + 1) * 60),
];

/**
 * What PutMetricAlarm refuses, or takes and never acts on, and the schema of CloudFormation lets pass: in the language of
 * CloudFormation Guard, for `CloudFormationValidatePlugin`.
 */
export const ALARM_RULES: ValidationRuleSource = {
  name: 'understudy-alarms.guard',
  content: `
let alarms = Resources.*[ Type == 'AWS::CloudWatch::Alarm' ]

rule ALARM_PERIOD when %alarms !empty {
  %alarms[ Properties.Period exists ].Properties.Period IN [${PERIODS_SECONDS.join(', ')}]
    <<An alarm's period is 10, 20 or 30 seconds, or a multiple of 60>>
}

rule ALARM_PERIOD_OF_AWS_METRICS when %alarms !empty {
  %alarms[ Properties.Namespace == /^AWS\\x2F/ ].Properties.Period >= 60
    <<AWS's own metrics come once a minute: a shorter period would find no data>>
}

rule ALARM_COMPARISON when %alarms !empty {
  %alarms.Properties.ComparisonOperator IN ['GreaterThanOrEqualToThreshold', 'GreaterThanThreshold', 'LessThanThreshold', 'LessThanOrEqualToThreshold']
    <<The comparison operator of an alarm must be one that CloudWatch knows>>
}

rule ALARM_STATISTIC when %alarms !empty {
  %alarms[ Properties.Statistic exists ].Properties.Statistic IN ['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum']
    <<The statistic of an alarm must be one that CloudWatch knows>>
}

rule ALARM_MISSING_DATA when %alarms !empty {
  %alarms.Properties.TreatMissingData IN ['breaching', 'notBreaching', 'ignore', 'missing']
    <<Each alarm says what missing data mean to it>>
}
`,
};
