import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { HostsStack } from '../../../lib/stacks/hosts-stack.ts';
import { maskedTemplate, testConfig } from '../support/app.ts';
import {
  edgeUserDataOf,
  hostsStack,
  type Resource,
  resourcesOf,
  userDataOf,
} from '../support/hosts-template.ts';
import { resolved } from '../support/template-values.ts';

let stack: HostsStack;
let template: Template;

beforeAll(() => {
  stack = hostsStack(testConfig());
  template = Template.fromStack(stack);
});

it('is as it was', () => {
  expect(maskedTemplate(stack)).toMatchSnapshot();
});

it('is the same the second time', () => {
  expect(Template.fromStack(hostsStack(testConfig())).toJSON()).toEqual(template.toJSON());
});

describe('hosts', () => {
  it('are four, in three zones, one for each input', () => {
    const subnets = resourcesOf(template, 'AWS::EC2::Instance').map(([, { Properties }]) =>
      JSON.stringify(Properties.SubnetId),
    );
    expect(subnets).toHaveLength(4);
    expect(new Set(subnets).size).toBe(3);
    expect(stack.hosts.map(({ planned }) => planned.input)).toEqual([
      'master/camera1',
      'master/camera2',
      'master/camera3',
      'backup/spare',
    ]);
  });

  it.each([
    { masters: 1, backups: 1 },
    { masters: 5, backups: 0 },
    { masters: 20, backups: 3 },
  ])('are as many as there are inputs: $masters and $backups', ({ masters, backups }) => {
    const names = (kind: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `${kind}${index + 1}` }));
    const config = testConfig({ masters: names('camera', masters), backups: names('spare', backups) });
    Template.fromStack(hostsStack(config)).resourceCountIs('AWS::EC2::Instance', masters + backups);
  });

  it('take tokens for their metadata, from the instance alone, and have encrypted disks and no SSH key', () => {
    const templates = resourcesOf(template, 'AWS::EC2::LaunchTemplate');
    expect(templates).toHaveLength(4);
    for (const [, { Properties }] of templates) {
      expect(Properties.LaunchTemplateData).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3' } }],
        MaintenanceOptions: { AutoRecovery: 'default' },
      });
      expect(Properties.LaunchTemplateData).not.toHaveProperty('KeyName');
    }
  });

  it('have the image of their architecture', () => {
    const parameterOf = (given: Template) =>
      Object.values(
        given.findParameters('*', { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>' }),
      ).map((parameter) => parameter.Default as string);
    expect(parameterOf(template)).toEqual([expect.stringMatching(/al2023-ami-kernel-.*-arm64$/)]);
    const aws = { architecture: 'x86_64', instanceType: 'c7i.large' };
    const x86 = Template.fromStack(hostsStack(testConfig({ aws })));
    expect(parameterOf(x86)).toEqual([expect.stringMatching(/al2023-ami-kernel-.*-x86_64$/)]);
    x86.allResourcesProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: Match.objectLike({ InstanceType: 'c7i.large' }),
    });
  });

  it('are created and replaced one after another: each waits for the one before, its signal and its address', () => {
    const instances = stack.hosts.map((host) => stack.getLogicalId(host.instance));
    const all = template.toJSON().Resources as Record<string, Resource>;
    for (const [index, id] of instances.entries()) {
      const { DependsOn = [], CreationPolicy } = all[id] ?? {};
      expect(CreationPolicy).toEqual({ ResourceSignal: { Count: 1, Timeout: 'PT10M' } });
      const before = instances[index - 1];
      const earlier = DependsOn.filter((other) => /Instance|Address/.test(other));
      expect(earlier).toEqual(before === undefined ? [] : [addressOf(all, before), before].sort());
    }
  });

  it('are replaced where their software changes, under the same logical ids', () => {
    for (const [, { Properties }] of resourcesOf(template, 'AWS::EC2::Instance')) {
      const { LaunchTemplateId, Version } = Properties.LaunchTemplate as Record<
        string,
        Record<string, string>
      >;
      expect(Version?.['Fn::GetAtt']).toEqual([LaunchTemplateId?.Ref, 'LatestVersionNumber']);
    }
    const other = Template.fromStack(hostsStack(testConfig(), import.meta.dirname));
    expect(Object.keys(other.toJSON().Resources)).toEqual(Object.keys(template.toJSON().Resources));
    expect(other.toJSON()).not.toEqual(template.toJSON());
  });

  it('keep their addresses and their names: both come with the instance', () => {
    template.resourceCountIs('AWS::EC2::EIPAssociation', 4);
    template.resourceCountIs('AWS::EC2::EIP', 0);
    for (const { instance, planned } of stack.hosts) {
      const id = stack.getLogicalId(instance);
      template.hasResourceProperties('AWS::EC2::EIPAssociation', { InstanceId: { Ref: id } });
      template.hasResourceProperties('AWS::Route53::RecordSet', {
        Name: `${planned.name}.understudy.internal.`,
        Type: 'A',
        TTL: '10',
        ResourceRecords: [{ 'Fn::GetAtt': [id, 'PrivateIp'] }],
      });
    }
  });
});

/** The logical id of the address of an instance. */
function addressOf(all: Record<string, Resource>, instance: string): string {
  const found = Object.entries(all).find(
    ([, { Type, Properties }]) =>
      Type === 'AWS::EC2::EIPAssociation' &&
      (Properties.InstanceId as { readonly Ref: string }).Ref === instance,
  );
  return found?.[0] ?? 'no address';
}

describe('open ports', () => {
  /** Every way in, as `from:port`. */
  function waysIn(given: Template): string[] {
    const inline = resourcesOf(given, 'AWS::EC2::SecurityGroup').flatMap(
      ([, { Properties }]) => (Properties.SecurityGroupIngress ?? []) as Array<Record<string, unknown>>,
    );
    const single = resourcesOf(given, 'AWS::EC2::SecurityGroupIngress').map(
      ([, { Properties }]) => Properties,
    );
    return [...inline, ...single].map((rule) => {
      expect(rule.IpProtocol).toBe('tcp');
      expect(rule.ToPort).toBe(rule.FromPort);
      const from = JSON.stringify(rule.SourceSecurityGroupId ?? '');
      const group = from.includes('Viewers') ? 'viewers' : from.includes('SecurityHosts') ? 'hosts' : from;
      return `${rule.CidrIp ?? group}:${rule.FromPort}`;
    });
  }

  it('are those of encoders, viewers and relays, and no other', () => {
    expect(waysIn(template).sort()).toEqual(['0.0.0.0/0:1935', 'hosts:1935', 'viewers:1935', 'viewers:8080']);
  });

  it('let encoders in from where the configuration says only', () => {
    const encoderCidrs = ['192.0.2.0/24', '198.51.100.7/32'];
    const ways = waysIn(Template.fromStack(hostsStack(testConfig({ aws: { encoderCidrs } }))));
    expect(ways.filter((way) => way.includes('/')).sort()).toEqual([
      '192.0.2.0/24:1935',
      '198.51.100.7/32:1935',
    ]);
  });
});

describe('keys', () => {
  it('are made by Secrets Manager, one for each input and one for relays, of letters and digits', () => {
    const secrets = resourcesOf(template, 'AWS::SecretsManager::Secret');
    expect(secrets).toHaveLength(5);
    for (const [, { Properties }] of secrets) {
      expect(Properties.GenerateSecretString).toEqual({ PasswordLength: 32, ExcludePunctuation: true });
      expect(Properties).not.toHaveProperty('SecretString');
    }
  });

  it('are read by a role of the host that needs them: its own and the relay key', () => {
    const relay = stack.getLogicalId(stack.secrets.relayKey.node.defaultChild as never);
    for (const host of stack.hosts) {
      const role = stack.getLogicalId(host.role.node.defaultChild as never);
      const own = stack.getLogicalId(stack.secrets.streamKey(host.planned.input).node.defaultChild as never);
      const read = statementsOf(role)
        .filter(({ Action }) => [Action].flat().some((action) => action.startsWith('secretsmanager:')))
        .flatMap(({ Resource }) => [Resource].flat());
      expect(read).toEqual([{ Ref: own }, { Ref: relay }]);
    }
  });

  it('are not in the user data, which names them', () => {
    for (const [name, script] of userDataOf(stack)) {
      expect(script.match(/^fetch '.*$/gm)).toEqual([
        `fetch '${name}.key' '<Keys${name.replace('-', '')}${idEnd(name)}>'`,
        expect.stringMatching(/^fetch 'relay\.key' '<Keysrelay.*>'$/),
      ]);
      expect(script).not.toContain('resolve:secretsmanager');
    }
  });

  function idEnd(name: string): string {
    const id = stack.getLogicalId(stack.secrets.streamKey(name.replace('-', '/')).node.defaultChild as never);
    return id.slice(-8);
  }
});

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What the policies of a role say. */
function statementsOf(role: string): Statement[] {
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: role }]))
    .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);
}

describe('roles', () => {
  it('are allowed this and nothing else', () => {
    const roles = resourcesOf(template, 'AWS::IAM::Role');
    expect(roles).toHaveLength(4);
    for (const [id] of roles) {
      const statements = statementsOf(id);
      expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
        'cloudformation:SignalResource',
        'cloudwatch:PutMetricData',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
        's3:GetObject',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
      ]);
      const everywhere = statements.filter(({ Resource }) => Resource === '*');
      expect(everywhere).toEqual([
        expect.objectContaining({
          Action: 'cloudwatch:PutMetricData',
          Condition: { StringEquals: { 'cloudwatch:namespace': 'Understudy' } },
        }),
      ]);
    }
  });
});

it('keeps logs as long as the configuration says', () => {
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  const week = Template.fromStack(hostsStack(testConfig({ aws: { logRetentionDays: 7 } })));
  week.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
});

it('tells where each encoder publishes to, how to see its key, and where viewers play', () => {
  const outputs = Object.values(template.findOutputs('*')).map(({ Value }) =>
    resolved(Value, new Proxy({}, { get: (_, key) => `<${String(key)}>` })),
  );
  expect(outputs).toHaveLength(8 + 3);
  expect(
    outputs.filter((value) => /^rtmp:\/\/<.*PublicIp.*>:1935\/master\/camera2\?key=KEY$/.test(value)),
  ).toHaveLength(1);
  expect(
    outputs.filter((value) =>
      /^aws secretsmanager get-secret-value --region <AWS::Region> --secret-id <Keysmastercamera2.*> /.test(
        value,
      ),
    ),
  ).toHaveLength(1);
  const dns = '<PublishOutputFnGetAttLoadBalancer\\w+>';
  const urls = new RegExp(`^rtmp://${dns}/live/camera2 http://${dns}/live/camera2\\.flv$`);
  expect(outputs.filter((value) => urls.test(value))).toHaveLength(1);
});

it('sends viewers to every host, over RTMP and over HTTP', () => {
  const groups = resourcesOf(template, 'AWS::ElasticLoadBalancingV2::TargetGroup');
  const hosts = stack.hosts.map(({ instance }) => ({ Id: { Ref: stack.getLogicalId(instance) } }));
  expect(groups.map(([, { Properties }]) => Properties.Port).sort()).toEqual([1935, 8080]);
  for (const [, { Properties }] of groups) expect(Properties.Targets).toEqual(hosts);
});

describe('with everything on', () => {
  const certificate = (region: string) =>
    `arn:aws:acm:${region}:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef`;
  const config = testConfig({
    aws: {
      region: 'eu-central-1',
      certificateArn: certificate('eu-central-1'),
      cloudFront: { domainNames: ['live.example.com'], certificateArn: certificate('us-east-1') },
      edges: {},
    },
  });
  let all: HostsStack;
  let full: Template;

  beforeAll(() => {
    all = hostsStack(config);
    full = Template.fromStack(all);
  });

  it('is as it was', () => {
    expect(maskedTemplate(all)).toMatchSnapshot();
  });

  it('has edges that know the relay key and no stream key, and wait for their signal', () => {
    full.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 1);
    const group = all.edges?.group.node.defaultChild;
    const id = all.getLogicalId(group as never);
    const launchTemplate = all.edges?.launchTemplate.node.defaultChild;
    const resource =
      full.findResources('AWS::EC2::LaunchTemplate')[all.getLogicalId(launchTemplate as never)];
    const { UserData } = (resource as Resource).Properties.LaunchTemplateData as {
      readonly UserData: unknown;
    };
    const script = resolved(UserData, new Proxy({}, { get: (_, key) => `<${String(key)}>` }));
    expect(script).toMatch(/ --edge$/m);
    expect(script).toContain('name="edge-$instance"');
    expect(script).toContain(`--logical-resource-id '${id}'`);
    expect(script.match(/^fetch '.*$/gm)).toEqual([expect.stringMatching(/^fetch 'relay\.key' /)]);
    expect(script.indexOf('understudy-drain.service')).toBeGreaterThan(0);
    expect(script.indexOf('understudy-drain.service')).toBeLessThan(script.indexOf("'signal success'"));
    expect(execFileSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toBe('');
  });

  it('sends viewers of HTTP to CloudFront', () => {
    const play = Object.values(full.findOutputs('*')).map(({ Value }) => JSON.stringify(Value));
    expect(play.filter((value) => value.includes(' https://') && value.includes('DomainName'))).toHaveLength(
      3,
    );
  });
});

describe('with signed URLs', () => {
  let signed: HostsStack;
  let given: Template;

  beforeAll(() => {
    signed = hostsStack(
      testConfig({
        viewers: { playKey: { credential: 'play.key' } },
        aws: { region: 'eu-central-1', cloudFront: {}, edges: {} },
      }),
    );
    given = Template.fromStack(signed);
  });

  it('makes one key for it, which every host and every edge fetches as the credential of its configuration', () => {
    expect(resourcesOf(given, 'AWS::SecretsManager::Secret')).toHaveLength(6);
    const id = signed.getLogicalId(signed.secrets.playKey?.node.defaultChild as never);
    for (const script of [...userDataOf(signed).values(), edgeUserDataOf(signed)]) {
      expect(script).toContain(`fetch 'play.key' '<${id}>'`);
      expect(script).toContain('LoadCredential=play.key:/etc/understudy/credentials/play.key');
      expect(script).toContain('"playKey":{"credential":"play.key"}');
    }
    const readers = resourcesOf(given, 'AWS::IAM::Policy').filter(([, { Properties }]) =>
      JSON.stringify(Properties.PolicyDocument).includes(`{"Ref":"${id}"}`),
    );
    expect(readers).toHaveLength(4 + 1);
  });

  it('has CloudFront ask the hosts about each signature', () => {
    given.hasResourceProperties('AWS::CloudFront::CachePolicy', {
      CachePolicyConfig: {
        ParametersInCacheKeyAndForwardedToOrigin: {
          QueryStringsConfig: {
            QueryStringBehavior: 'whitelist',
            QueryStrings: ['_HLS_msn', '_HLS_part', '_HLS_skip', 'expires', 'signature'],
          },
        },
      },
    });
  });

  it('tells how to see the key, and that URLs need a signature', () => {
    const outputs = Object.entries(given.findOutputs('*'));
    expect(outputs.filter(([id]) => id.startsWith('ProgramsPlayKeyCommand'))).toHaveLength(1);
    const plays = outputs.filter(([, { Description }]) =>
      /^Where viewers play .*, with a signature/.test(Description),
    );
    expect(plays).toHaveLength(3);
  });
});
