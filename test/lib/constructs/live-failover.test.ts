import { describe, expect, it } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { LiveFailover } from '../../../lib/constructs/live-failover.ts';
import { SMALL_FUNCTIONS, testApp, testConfig } from '../support/app.ts';
import { SMALL_BUNDLE } from '../support/hosts-template.ts';

function site(changes: object = {}): LiveFailover {
  return new LiveFailover(testApp(), 'Site', {
    config: testConfig(changes),
    bundleDirectory: SMALL_BUNDLE,
    functionsDirectory: SMALL_FUNCTIONS,
  });
}

describe('a whole deployment', () => {
  it('is three stacks named after it, in the region of the configuration', () => {
    const { network, hosts, control } = site({ name: 'summer_games', aws: { region: 'eu-central-1' } });
    expect([network, hosts, control].map(({ stackName, region }) => [stackName, region])).toEqual([
      ['understudy-summer-games-network', 'eu-central-1'],
      ['understudy-summer-games-hosts', 'eu-central-1'],
      ['understudy-summer-games-control', 'eu-central-1'],
    ]);
  });

  it('sends viewers to every host, on both ports', () => {
    const { hosts } = site();
    const ids = hosts.hosts.map(({ instance }) => ({ Id: { Ref: hosts.getLogicalId(instance) } }));
    expect(ids).toHaveLength(4);
    const template = Template.fromStack(hosts);
    for (const port of [1935, 8080]) {
      template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
        Port: port,
        Targets: ids.map((id) => Match.objectLike(id)),
      });
    }
  });

  it('says where each program plays, also where names differ by a hyphen only', () => {
    const masters = [{ name: 'camera1' }, { name: 'camera-1' }];
    const outputs = Object.entries(Template.fromStack(site({ masters }).hosts).findOutputs('*'));
    const urls = outputs.filter(([id]) => id.startsWith('Programs')).map(([, output]) => output.Value);
    expect(urls.map((value) => value['Fn::Join'][1].at(-1))).toEqual([
      '/live/camera1.flv',
      '/live/camera-1.flv',
    ]);
  });

  it('recovers each host from failed hardware, by an alarm that stands beside it and follows it', () => {
    const { hosts } = site();
    const template = Template.fromStack(hosts);
    for (const { planned, instance } of hosts.hosts) {
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: `understudy-host-recovery-${planned.name}`,
        Namespace: 'AWS/EC2',
        MetricName: 'StatusCheckFailed_System',
        Dimensions: [{ Name: 'InstanceId', Value: { Ref: hosts.getLogicalId(instance) } }],
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Period: 60,
        EvaluationPeriods: 2,
        TreatMissingData: 'missing',
        AlarmActions: [
          {
            'Fn::Join': [
              '',
              ['arn:', { Ref: 'AWS::Partition' }, ':automate:', { Ref: 'AWS::Region' }, ':ec2:recover'],
            ],
          },
        ],
      });
    }
  });

  it('leaves the stack that watches without a word of any instance: hosts are replaced without it', () => {
    const { control } = site();
    expect(control.dependencies).toEqual([]);
    expect(JSON.stringify(Template.fromStack(control).toJSON())).not.toMatch(/GetStackOutput|ImportValue/);
  });
});
