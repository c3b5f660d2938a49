/** A MediaLive channel as MediaLive would be asked to make it, and who may do what with it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-medialive';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { ControlStack } from '../../../lib/stacks/control-stack.ts';
import { HostsStack } from '../../../lib/stacks/hosts-stack.ts';
import { NetworkStack } from '../../../lib/stacks/network-stack.ts';
import { channelsSchema } from '../../../runtime/contract/channels.ts';
import { shapeProblems } from '../../support/aws-model.ts';
import { maskedTemplate, SMALL_FUNCTIONS, testApp, testConfig } from '../support/app.ts';
import { resourcesOf, SMALL_BUNDLE } from '../support/hosts-template.ts';
import { resolved } from '../support/template-values.ts';

type Properties = Record<string, unknown>;

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';

/** References as text that says what they are of; the names of outputs of the network hold the construct's path. */
const VALUES = new Proxy<Record<string, string>>(
  { 'AWS::Partition': 'aws', 'AWS::AccountId': ACCOUNT, 'AWS::Region': REGION },
  { get: (known, key: string) => known[key] ?? `<${key.replace(/^PublishOutput(FnGetAtt|Ref)/, '')}>` },
);

/** The same without functions of CloudFormation. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(Ref$|Fn::)/.test(entries[0]?.[0] ?? '')) return resolved(value, VALUES);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}

const functionsDirectory = SMALL_FUNCTIONS;

function deploy(mediaLive: readonly object[], aws: object = {}) {
  const config = testConfig({ aws: { mediaLive, ...aws } });
  const app = testApp();
  const network = new NetworkStack(app, 'Network', { config });
  const control = new ControlStack(app, 'Control', { config, network, functionsDirectory });
  const { channels } = control;
  if (channels === undefined) throw new Error('no channels');
  const hosts = () => new HostsStack(app, 'Hosts', { config, network, bundleDirectory: SMALL_BUNDLE });
  let made: Template | undefined;
  const template = (): Template => {
    made ??= Template.fromStack(control);
    return made;
  };
  const properties = (type: string): Properties[] =>
    resourcesOf(template(), type).map(([, resource]) => plain(resource.Properties) as Properties);
  return { network, control, channels, hosts, template, properties };
}

const single = deploy([{ program: 'camera1' }]);
const standard = deploy([{ program: 'camera2', pipelines: 2, ladder: 'full-hd', frameRate: 50 }]);
const packaged = deploy([{ program: 'camera3', ladder: 'sd', destination: { mediaPackage: 'show' } }]);

function channelOf({ properties }: ReturnType<typeof deploy>): Properties {
  return properties('AWS::MediaLive::Channel')[0] as Properties;
}

describe('a channel', () => {
  it('pulls its program from the home host first, and from the backup’s host, by their Elastic IPs', () => {
    expect(single.properties('AWS::MediaLive::Input')).toEqual([
      {
        Name: 'understudy camera1 master-camera1',
        Type: 'RTMP_PULL',
        Sources: [
          {
            Url: expect.stringMatching(
              /^rtmp:\/\/<IngestAddressesmastercamera1.*PublicIp.*>:1935\/live\/camera1$/,
            ),
          },
        ],
      },
      {
        Name: 'understudy camera1 backup-spare',
        Type: 'RTMP_PULL',
        Sources: [
          {
            Url: expect.stringMatching(
              /^rtmp:\/\/<IngestAddressesbackupspare.*PublicIp.*>:1935\/live\/camera1$/,
            ),
          },
        ],
      },
    ]);
    const [home, backup] = channelOf(single).InputAttachments as Properties[];
    expect([home?.InputAttachmentName, backup?.InputAttachmentName]).toEqual([
      'master-camera1',
      'backup-spare',
    ]);
  });

  it('of one pipeline stands in one zone with one address, of two in two, and pulls each input twice', () => {
    const vpcOf = (deployed: ReturnType<typeof deploy>) => {
      const vpc = channelOf(deployed).Vpc as Record<string, string[]>;
      return [vpc.SubnetIds, vpc.PublicAddressAllocationIds].map((ids) => new Set(ids).size);
    };
    expect([channelOf(single).ChannelClass, vpcOf(single)]).toEqual(['SINGLE_PIPELINE', [1, 1]]);
    expect([channelOf(standard).ChannelClass, vpcOf(standard)]).toEqual(['STANDARD', [2, 2]]);
    for (const { Sources } of standard.properties('AWS::MediaLive::Input')) expect(Sources).toHaveLength(2);
    expect((channelOf(standard).Destinations as Properties[])[0]?.Settings).toHaveLength(2);
  });

  it.each([
    ['to S3', single],
    ['of two pipelines', standard],
    ['to MediaPackage', packaged],
  ])('%s is what the SDK’s model allows, and has only values that MediaLive knows', (_, deployed) => {
    const { Tags: _tags, ...request } = channelOf(deployed);
    expect(shapeProblems(sdk.CreateChannelRequest$, request)).toEqual([]);
    for (const input of deployed.properties('AWS::MediaLive::Input')) {
      expect(shapeProblems(sdk.CreateInputRequest$, input)).toEqual([]);
    }
    const known = new Set<string>(
      Object.values(sdk).flatMap((one) => (isEnum(one) ? Object.values(one) : [])),
    );
    const words = stringsIn(request.EncoderSettings).filter((text) => /^[A-Z0-9_]{2,}$/.test(text));
    expect(words.length).toBeGreaterThan(20);
    expect([...new Set(words)].filter((word) => !known.has(word) && word !== '404040')).toEqual([]);
  });

  it('sends HLS to a bucket by HTTPS, or to MediaPackage', () => {
    expect(channelOf(single).Destinations).toEqual([
      {
        Id: 'destination',
        Settings: [{ Url: expect.stringMatching(/^s3ssl:\/\/<ChannelsBucket.*>\/camera1\/0\/index$/) }],
      },
    ]);
    expect(channelOf(packaged).Destinations).toEqual([
      { Id: 'destination', MediaPackageSettings: [{ ChannelId: 'show' }] },
    ]);
    packaged.template().resourceCountIs('AWS::S3::Bucket', 0);
    const given = deploy([{ program: 'camera1', destination: { s3: 'archive' } }]);
    given.template().resourceCountIs('AWS::S3::Bucket', 0);
    expect(JSON.stringify(channelOf(given).Destinations)).toContain('s3ssl://archive/camera1/0/index');
  });

  it('has the renditions of its ladder, with a keyframe each two seconds and nowhere else', () => {
    interface Video {
      readonly Height: number;
      readonly CodecSettings: { readonly H264Settings: Properties };
    }
    const renditions = (deployed: ReturnType<typeof deploy>) =>
      ((channelOf(deployed).EncoderSettings as Properties).VideoDescriptions as Video[]).map(
        ({ Height, CodecSettings: { H264Settings: h264 } }) => {
          expect(h264).toMatchObject({
            GopSize: 2,
            GopSizeUnits: 'SECONDS',
            GopClosedCadence: 1,
            SceneChangeDetect: 'DISABLED',
            FramerateDenominator: 1,
          });
          return `${Height} ${h264.Profile} ${h264.FramerateNumerator}/s ${Number(h264.MaxBitrate) / 1_000}k`;
        },
      );
    expect(renditions(packaged)).toEqual(['480 MAIN 30/s 1400k', '360 MAIN 30/s 800k']);
    expect(renditions(single)).toEqual([
      '720 HIGH 30/s 3000k',
      '540 HIGH 30/s 2000k',
      '480 MAIN 30/s 1400k',
      '360 MAIN 30/s 800k',
    ]);
    expect(renditions(standard)[0]).toBe('1080 HIGH 50/s 8250k');
    expect(renditions(standard)).toHaveLength(5);
  });

  it('is what the control function is told of, and may switch', () => {
    const { failoverControl } = single.control;
    const id = single.control.getLogicalId(failoverControl.function.node.defaultChild as never);
    const [, own] =
      resourcesOf(single.template(), 'AWS::Lambda::Function').find(([name]) => name === id) ?? [];
    expect(JSON.stringify(own?.Properties.Environment)).toContain('master-camera1');
    const policies = JSON.stringify(single.template().findResources('AWS::IAM::Policy'));
    expect(policies).toMatch(/medialive:BatchUpdateSchedule.*FailoverControlFunctionRole/);
  });

  it('is the same as it was', () => {
    expect(maskedTemplate(standard.control)).toMatchSnapshot();
  });
});

describe('the network around channels', () => {
  it('lets exactly their addresses in at the hosts, besides encoders, and never more than RTMP', () => {
    const deployed = deploy([{ program: 'camera1' }, { program: 'camera2', pipelines: 2 }], {
      encoderCidrs: ['192.0.2.0/24'],
    });
    const groups = resourcesOf(Template.fromStack(deployed.hosts()), 'AWS::EC2::SecurityGroup');
    const ingest = groups.find(([id]) => id.includes('Ingest'))?.[1].Properties.SecurityGroupIngress;
    expect(plain(ingest)).toEqual(
      [
        '192.0.2.0/24',
        expect.stringMatching(/^<ChannelAddressescamera10.*PublicIp.*>\/32$/),
        expect.stringMatching(/^<ChannelAddressescamera20.*PublicIp.*>\/32$/),
        expect.stringMatching(/^<ChannelAddressescamera21.*PublicIp.*>\/32$/),
      ].map((CidrIp) => expect.objectContaining({ CidrIp, FromPort: 1935, ToPort: 1935, IpProtocol: 'tcp' })),
    );
  });

  it('lets a channel out to its two hosts and by HTTPS, and nobody in', () => {
    const [group] = single.properties('AWS::EC2::SecurityGroup');
    expect(group?.SecurityGroupIngress).toBeUndefined();
    const egress = group?.SecurityGroupEgress as Properties[];
    expect(egress.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([
      [1935, 1935],
      [1935, 1935],
      [443, 443],
    ]);
    for (const { CidrIp } of egress.slice(0, 2)) expect(CidrIp).toMatch(/^<IngestAddresses.*>\/32$/);
  });

  it('has an address for each pipeline, which goes with the stack', () => {
    const addresses = resourcesOf(Template.fromStack(standard.network), 'AWS::EC2::EIP');
    const own = addresses.filter(([id]) => id.startsWith('ChannelAddresses'));
    expect(own).toHaveLength(2);
    expect(own.map(([, resource]) => (resource as { DeletionPolicy?: string }).DeletionPolicy)).toEqual([
      undefined,
      undefined,
    ]);
  });
});

it('keeps the bucket private, encrypted and short of memory, and refuses plain HTTP', () => {
  const template = single.template();
  template.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Retain',
    Properties: {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 1, Status: 'Enabled' }] },
    },
  });
  template.hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: {
      Statement: [
        { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ],
    },
  });
});

describe('the alarm of a channel', () => {
  it('watches its pipeline, minute by minute, and is quiet while the channel is stopped', () => {
    expect(single.properties('AWS::CloudWatch::Alarm')).toContainEqual(
      expect.objectContaining({
        AlarmName: 'understudy-channel-input-loss-camera1',
        AlarmDescription: expect.stringMatching(/ More: docs\/operations\.md#channel-input-loss$/),
        Namespace: 'AWS/MediaLive',
        MetricName: 'InputLossSeconds',
        Dimensions: [
          { Name: 'ChannelId', Value: expect.stringMatching(/^<Channelscamera1Channel.*\.Id>$/) },
          { Name: 'Pipeline', Value: '0' },
        ],
        Period: 60,
        TreatMissingData: 'notBreaching',
        AlarmActions: [expect.anything()],
        OKActions: [expect.anything()],
      }),
    );
    const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
    expect(page).toContain('\n### Channel input loss\n');
  });

  it('watches both pipelines of a standard channel', () => {
    const alarm = standard
      .properties('AWS::CloudWatch::Alarm')
      .find(({ AlarmName }) => AlarmName === 'understudy-channel-input-loss-camera2');
    const watched = stringsIn(alarm?.Metrics);
    expect(watched).toContain('MAX([first, second])');
    expect(watched.filter((text) => text === '0' || text === '1')).toEqual(['0', '1']);
  });
});

it('tells the control function of each channel, as its contract has it', () => {
  const environment = resolved(single.control.resolve(single.channels.environment), VALUES);
  expect(channelsSchema.parse(JSON.parse(environment))).toEqual({
    camera1: {
      channelId: expect.stringMatching(/^<Channelscamera1Channel.*\.Id>$/),
      home: 'master-camera1',
      backup: 'backup-spare',
      healthyForSeconds: 60,
    },
  });
});

it('is not made where nobody asks for it, and not without the network of the hosts', () => {
  const config = testConfig({ aws: { mediaLive: [{ program: 'camera1' }] } });
  const props = { config, functionsDirectory };
  expect(() => new ControlStack(testApp(), 'Control', props)).toThrow('need the network');
  const none = testConfig();
  expect(
    new ControlStack(testApp(), 'Control', { config: none, functionsDirectory }).channels,
  ).toBeUndefined();
});

describe('by the rules of IAM', () => {
  const deployed = deploy([{ program: 'camera1' }]);
  const operator = new iam.Role(deployed.control, 'Operator', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  deployed.channels.grantSwitch(operator);
  const policies = resourcesOf(deployed.template(), 'AWS::IAM::Policy');
  const policyOf = (part: string) =>
    policies
      .filter(([id]) => id.includes(part))
      .map(([name, { Properties }]) => ({ name, policy: plain(Properties.PolicyDocument) }));
  const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
  const own = deployed.channels.channels.get('camera1')?.channel;
  const channelArn = arn('medialive', `channel:<${deployed.control.getLogicalId(own as never)}.Id>`);
  const bucketArn = `<${deployed.control.getLogicalId(deployed.channels.bucket?.node.defaultChild as never)}.Arn>`;

  async function may(part: string, action: string, resource: string, context = {}): Promise<boolean> {
    const request = {
      principal: `arn:aws:iam::${ACCOUNT}:role/${part}`,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: context,
    };
    const rest = { serviceControlPolicies: [], resourceControlPolicies: [] };
    const result = await runSimulation({ request, identityPolicies: policyOf(part), ...rest } as never, {});
    if (result.resultType === 'error') throw new Error(JSON.stringify(result));
    return result.overallResult === 'Allowed';
  }

  it.each<[action: string, resource: string, allowed: boolean]>([
    ['medialive:DescribeChannel', channelArn, true],
    ['medialive:DescribeSchedule', channelArn, true],
    ['medialive:BatchUpdateSchedule', channelArn, true],
    ['medialive:BatchUpdateSchedule', arn('medialive', 'channel:999'), false],
    ['medialive:DeleteSchedule', channelArn, false],
    ['medialive:StartChannel', channelArn, false],
    ['medialive:StopChannel', channelArn, false],
    ['medialive:DeleteChannel', channelArn, false],
  ])('who is granted the switch and asks for %s on %s: %s', async (action, resource, allowed) => {
    expect(await may('Operator', action, resource)).toBe(allowed);
  });

  it('MediaLive has its interfaces in the channel’s subnet only, and gives them its address only', async () => {
    const statement = JSON.stringify(policyOf('camera1Role'));
    const subnet = /subnet\/(<[^>"]+>)/.exec(statement)?.[1];
    const address = /elastic-ip\/(<[^>"]+>)/.exec(statement)?.[1];
    const anInterface = arn('ec2', 'network-interface/eni-0123');
    const ask = (action: string, resource: string, context = {}) =>
      may('camera1Role', action, resource, context);
    expect(await ask('ec2:CreateNetworkInterface', arn('ec2', `subnet/${subnet}`))).toBe(true);
    expect(await ask('ec2:CreateNetworkInterface', arn('ec2', 'subnet/subnet-0123'))).toBe(false);
    expect(await ask('ec2:AssociateAddress', arn('ec2', `elastic-ip/${address}`))).toBe(true);
    expect(await ask('ec2:AssociateAddress', arn('ec2', 'elastic-ip/eipalloc-0123'))).toBe(false);
    const inside = { 'ec2:Subnet': arn('ec2', `subnet/${subnet}`) };
    const outside = { 'ec2:Subnet': arn('ec2', 'subnet/subnet-0123') };
    expect(await ask('ec2:DeleteNetworkInterface', anInterface, inside)).toBe(true);
    expect(await ask('ec2:DeleteNetworkInterface', anInterface, outside)).toBe(false);
  });

  it('MediaLive writes in the channel’s folder only', async () => {
    expect(bucketArn).toMatch(/^<Channels/);
    const [document] = policyOf('camera1Role').map(({ policy }) => policy as { Statement: Properties[] });
    const written = document?.Statement.filter(({ Action }) =>
      JSON.stringify(Action).includes('s3:PutObject'),
    );
    expect(written?.map(({ Resource }) => Resource)).toEqual([`${bucketArn}/camera1/*`]);
  });
});

function isEnum(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((inner) => typeof inner === 'string')
  );
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
