/** What is wrong with a configuration for AWS is said completely, at once, with key, value, what is allowed and the fix. */
import { describe, expect, it } from '@jest/globals';
import { parseDeployment } from '../../../lib/config/read-config.ts';
import { formatProblems } from '../../../runtime/contract/config-problems.ts';

const BASE = {
  masters: [{ name: 'camera1' }, { name: 'camera2' }, { name: 'camera3' }],
  backups: [{ name: 'spare' }],
};
const CERTIFICATE_ID = 'certificate/12345678-1234-1234-1234-123456789012';
const IN_FRANKFURT = `arn:aws:acm:eu-central-1:123456789012:${CERTIFICATE_ID}`;
const IN_VIRGINIA = `arn:aws:acm:us-east-1:123456789012:${CERTIFICATE_ID}`;
const ARM64 = 'an instance type of arm64';
const KEY_FIX = 'generated in AWS Secrets Manager';

interface ExpectedProblem {
  readonly key: string;
  readonly value?: unknown;
  /** Parts of the texts. */
  readonly allowed: string;
  readonly fix: string;
}

/** What is added to a good configuration, or replaces parts of it; the problems are exactly these, in this order. */
interface Case {
  readonly name: string;
  readonly given: Record<string, unknown>;
  readonly problems: readonly ExpectedProblem[];
}

function ranges(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `198.51.${index}.0/24`);
}

const schemaCases: Case[] = [
  {
    name: 'no masters',
    given: { masters: [] },
    problems: [{ key: 'masters', value: [], allowed: 'a list of 1 to 20', fix: 'Name at least one' }],
  },
  {
    name: 'four backups',
    given: { backups: ['a', 'b', 'c', 'd'].map((name) => ({ name })) },
    problems: [
      {
        key: 'backups',
        value: ['a', 'b', 'c', 'd'].map((name) => ({ name })),
        allowed: 'a list of 0 to 3',
        fix: 'Write it as such a list',
      },
    ],
  },
  {
    name: 'two masters of one name',
    given: { masters: [{ name: 'camera1' }, { name: 'camera1' }] },
    problems: [
      {
        key: 'masters[1].name',
        value: 'camera1',
        allowed: 'a name of its own among the masters',
        fix: 'Rename it: masters[0].name is the same.',
      },
    ],
  },
  {
    name: 'two backups of one name',
    given: { backups: [{ name: 'spare' }, { name: 'spare' }] },
    problems: [
      {
        key: 'backups[1].name',
        value: 'spare',
        allowed: 'a name of its own among the backups',
        fix: 'Rename it: backups[0].name is the same.',
      },
    ],
  },
  {
    name: 'a name in capitals',
    given: { masters: [{ name: 'Camera1' }] },
    problems: [
      { key: 'masters[0].name', value: 'Camera1', allowed: 'lower-case letters', fix: 'follow this rule' },
    ],
  },
  {
    name: 'a key with a slip of the hand',
    given: { aws: { instanceTyp: 'c7g.large' } },
    problems: [
      {
        key: 'aws.instanceTyp',
        value: 'c7g.large',
        allowed: 'the keys region, zones, vpcCidr',
        fix: 'Did you mean instanceType?',
      },
    ],
  },
  {
    name: 'a key of the section outside of it',
    given: { encoderCidrs: ['192.0.2.0/24'] },
    problems: [
      {
        key: 'encoderCidrs',
        value: ['192.0.2.0/24'],
        allowed: 'the keys $schema, masters',
        fix: 'Did you mean aws.encoderCidrs? Move it there.',
      },
    ],
  },
  {
    name: 'a region in words',
    given: { aws: { region: 'Frankfurt' } },
    problems: [
      { key: 'aws.region', value: 'Frankfurt', allowed: 'an AWS region, as eu-central-1', fix: 'this rule' },
    ],
  },
  {
    name: 'one zone',
    given: { aws: { zones: 1 } },
    problems: [
      { key: 'aws.zones', value: 1, allowed: 'a whole number from 2 to 3', fix: 'for the default, 3' },
    ],
  },
  {
    name: 'a range without a prefix',
    given: { aws: { encoderCidrs: ['192.0.2.1'] } },
    problems: [
      {
        key: 'aws.encoderCidrs[0]',
        value: '192.0.2.1',
        allowed: 'an IPv4 range, as 192.0.2.0/24',
        fix: 'this rule',
      },
    ],
  },
  {
    name: 'a prefix of 33',
    given: { aws: { viewerCidrs: ['192.0.2.0/33'] } },
    problems: [
      { key: 'aws.viewerCidrs[0]', value: '192.0.2.0/33', allowed: 'an IPv4 range', fix: 'this rule' },
    ],
  },
  {
    name: 'an instance type without a size',
    given: { aws: { instanceType: 'c7g' } },
    problems: [
      {
        key: 'aws.instanceType',
        value: 'c7g',
        allowed: 'an EC2 instance type, as c7g.large',
        fix: 'this rule',
      },
    ],
  },
  {
    name: 'an architecture of another name',
    given: { aws: { architecture: 'x86-64' } },
    problems: [
      {
        key: 'aws.architecture',
        value: 'x86-64',
        allowed: '"arm64" or "x86_64"',
        fix: 'Did you mean "x86_64"?',
      },
    ],
  },
  {
    name: 'the ARN of something else',
    given: { aws: { certificateArn: 'arn:aws:iam::123456789012:server-certificate/studio' } },
    problems: [
      {
        key: 'aws.certificateArn',
        value: 'arn:aws:iam::123456789012:server-certificate/studio',
        allowed: 'the ARN of a certificate in AWS Certificate Manager',
        fix: 'this rule',
      },
    ],
  },
  {
    name: 'an address that is no e-mail address',
    given: { aws: { alarmEmails: ['studio'] } },
    problems: [
      { key: 'aws.alarmEmails[0]', value: 'studio', allowed: 'an e-mail address', fix: 'this rule' },
    ],
  },
  {
    name: 'a retention that CloudWatch does not have',
    given: { aws: { logRetentionDays: 10 } },
    problems: [
      { key: 'aws.logRetentionDays', value: 10, allowed: '1, 3, 7, 14', fix: 'for the default, 30' },
    ],
  },
];

const networkCases: Case[] = [
  {
    name: 'a region that does not exist',
    given: { aws: { region: 'eu-centrl-1' } },
    problems: [
      {
        key: 'aws.region',
        value: 'eu-centrl-1',
        allowed: 'a region that the CDK knows',
        fix: 'Did you mean "eu-central-1"?',
      },
    ],
  },
  {
    name: 'three zones, by default, where an account gets two',
    given: { aws: { region: 'us-west-1' } },
    problems: [{ key: 'aws.zones', allowed: '2, because of aws.region', fix: 'Write "zones": 2' }],
  },
  {
    name: 'an octet above 255',
    given: { aws: { encoderCidrs: ['192.0.256.0/24'] } },
    problems: [
      {
        key: 'aws.encoderCidrs[0]',
        value: '192.0.256.0/24',
        allowed: 'from 0 to 255',
        fix: 'Change number 3 of the four.',
      },
    ],
  },
  {
    name: 'bits set behind the prefix',
    given: { aws: { encoderCidrs: ['192.0.2.77/28'], viewerCidrs: ['203.0.113.9/0'] } },
    problems: [
      {
        key: 'aws.encoderCidrs[0]',
        value: '192.0.2.77/28',
        allowed: 'by its first address',
        fix: 'Write "192.0.2.64/28"',
      },
      { key: 'aws.viewerCidrs[0]', value: '203.0.113.9/0', allowed: 'first address', fix: '"0.0.0.0/0"' },
    ],
  },
  {
    name: 'a network that is too small',
    given: { aws: { vpcCidr: '10.0.0.0/25' } },
    problems: [
      { key: 'aws.vpcCidr', value: '10.0.0.0/25', allowed: '/16 to /24', fix: 'need a /24 or more' },
    ],
  },
  {
    name: 'a network that is too large',
    given: { aws: { vpcCidr: '10.0.0.0/8' } },
    problems: [{ key: 'aws.vpcCidr', value: '10.0.0.0/8', allowed: '/16 to /24', fix: 'no more than a /16' }],
  },
  {
    name: 'a network of public addresses, near a private range',
    given: { aws: { vpcCidr: '172.32.0.0/16' } },
    problems: [
      {
        key: 'aws.vpcCidr',
        value: '172.32.0.0/16',
        allowed: 'a private range: of 10.0.0.0/8',
        fix: 'belong to somebody',
      },
    ],
  },
  {
    name: 'a range twice',
    given: { aws: { encoderCidrs: ['192.0.2.0/24', '198.51.100.0/24', '192.0.2.0/24'] } },
    problems: [
      {
        key: 'aws.encoderCidrs[2]',
        value: '192.0.2.0/24',
        allowed: 'each range once',
        fix: 'Take it out: aws.encoderCidrs[0] is the same.',
      },
    ],
  },
  {
    name: 'more ranges of viewers than a security group has rules for',
    given: { aws: { viewerCidrs: ranges(31) } },
    problems: [
      {
        key: 'aws.viewerCidrs',
        value: ranges(31),
        allowed: 'a list of 1 to 30: a security group has 60 rules',
        fix: 'Join neighbouring ranges',
      },
    ],
  },
  {
    name: 'the same with four listeners',
    given: { aws: { viewerCidrs: ranges(16), certificateArn: IN_FRANKFURT } },
    problems: [{ key: 'aws.viewerCidrs', value: ranges(16), allowed: 'a list of 1 to 15', fix: 'Join' }],
  },
];

const hostCases: Case[] = [
  {
    name: 'an Intel type for Graviton',
    given: { aws: { instanceType: 'c7i.large' } },
    problems: [
      {
        key: 'aws.instanceType',
        value: 'c7i.large',
        allowed: `${ARM64}, because of aws.architecture`,
        fix: 'Write a type as c7g.large, or set aws.architecture to "x86_64".',
      },
    ],
  },
  {
    name: 'a graphics type, whose g is not the processor’s',
    given: { aws: { instanceType: 'g5.xlarge' } },
    problems: [{ key: 'aws.instanceType', value: 'g5.xlarge', allowed: ARM64, fix: 'c7g.large' }],
  },
  {
    name: 'another architecture, and the types left at their defaults',
    given: { aws: { architecture: 'x86_64', edges: {} } },
    problems: [
      {
        key: 'aws.instanceType',
        allowed: 'an instance type of x86_64',
        fix: 'Add "instanceType": "c7i.large": the default is c7g.large.',
      },
      { key: 'aws.edges.instanceType', allowed: 'an instance type of x86_64', fix: 'Add "instanceType"' },
    ],
  },
  {
    name: 'the type of a single host, and of the edges',
    given: {
      aws: {
        hosts: [{ input: 'backup/spare', instanceType: 'm7a.large' }],
        edges: { instanceType: 't3.small' },
      },
    },
    problems: [
      { key: 'aws.edges.instanceType', value: 't3.small', allowed: ARM64, fix: 'c7g.large' },
      { key: 'aws.hosts[0].instanceType', value: 'm7a.large', allowed: ARM64, fix: 'c7g.large' },
    ],
  },
  {
    name: 'a host for an input that is not configured',
    given: { aws: { hosts: [{ input: 'master/camera4' }] } },
    problems: [
      {
        key: 'aws.hosts[0].input',
        value: 'master/camera4',
        allowed: 'master/camera1, master/camera2, master/camera3 or backup/spare',
        fix: 'Did you mean "master/camera1"?',
      },
    ],
  },
  {
    name: 'an input twice',
    given: { aws: { hosts: [{ input: 'master/camera1' }, { input: 'master/camera1', zone: 2 }] } },
    problems: [
      {
        key: 'aws.hosts[1].input',
        value: 'master/camera1',
        allowed: 'each input once',
        fix: 'Take it out: aws.hosts[0].input is the same.',
      },
    ],
  },
  {
    name: 'a zone that is not used',
    given: { aws: { zones: 2, hosts: [{ input: 'master/camera1', zone: 3 }] } },
    problems: [
      {
        key: 'aws.hosts[0].zone',
        value: 3,
        allowed: 'a whole number from 1 to 2, because of aws.zones',
        fix: 'Choose another zone',
      },
    ],
  },
  {
    name: 'everything in one zone',
    given: {
      masters: [{ name: 'camera1' }],
      aws: {
        hosts: [
          { input: 'master/camera1', zone: 2 },
          { input: 'backup/spare', zone: 2 },
        ],
      },
    },
    problems: [
      {
        key: 'aws.hosts',
        value: [
          { input: 'master/camera1', zone: 2 },
          { input: 'backup/spare', zone: 2 },
        ],
        allowed: 'hosts in at least two zones; all of them are in zone 2',
        fix: 'Put backup/spare into another zone',
      },
    ],
  },
  {
    name: 'a name too long for DNS',
    given: { masters: [{ name: 'a'.repeat(57) }, { name: 'b'.repeat(56) }] },
    problems: [
      { key: 'masters[0].name', value: 'a'.repeat(57), allowed: 'up to 56 characters', fix: 'Shorten it' },
    ],
  },
  {
    name: 'more edges at least than at most',
    given: { aws: { edges: { min: 5, max: 4 } } },
    problems: [
      {
        key: 'aws.edges.min',
        value: 5,
        allowed: '4 or less, because of aws.edges.max',
        fix: 'Change it, or aws.edges.max.',
      },
    ],
  },
  {
    name: 'fewer edges at most than there are at least by default',
    given: { aws: { edges: { max: 1 } } },
    problems: [
      { key: 'aws.edges.max', value: 1, allowed: '2 or more, because of aws.edges.min', fix: 'Change it' },
    ],
  },
];

const deliveryCases: Case[] = [
  {
    name: 'a certificate of another region',
    given: { aws: { region: 'eu-west-1', certificateArn: IN_FRANKFURT } },
    problems: [
      {
        key: 'aws.certificateArn',
        value: IN_FRANKFURT,
        allowed: 'a certificate of eu-west-1, because of aws.region',
        fix: 'this one is of eu-central-1',
      },
    ],
  },
  {
    name: 'a certificate for CloudFront from elsewhere than us-east-1',
    given: { aws: { cloudFront: { domainNames: ['live.example.com'], certificateArn: IN_FRANKFURT } } },
    problems: [
      {
        key: 'aws.cloudFront.certificateArn',
        value: IN_FRANKFURT,
        allowed: 'a certificate of us-east-1, because of CloudFront',
        fix: 'Request or import the certificate in us-east-1',
      },
    ],
  },
  {
    name: 'names without a certificate',
    given: { aws: { cloudFront: { domainNames: ['live.example.com'] } } },
    problems: [
      {
        key: 'aws.cloudFront.certificateArn',
        allowed: 'a certificate, because of aws.cloudFront.domainNames',
        fix: 'in us-east-1',
      },
    ],
  },
  {
    name: 'a certificate without names',
    given: { aws: { cloudFront: { certificateArn: IN_VIRGINIA } } },
    problems: [
      { key: 'aws.cloudFront.domainNames', allowed: 'at least one name', fix: 'what the certificate is for' },
    ],
  },
  {
    name: 'a name twice',
    given: {
      aws: {
        cloudFront: { domainNames: ['live.example.com', 'live.example.com'], certificateArn: IN_VIRGINIA },
      },
    },
    problems: [
      {
        key: 'aws.cloudFront.domainNames[1]',
        value: 'live.example.com',
        allowed: 'each name once',
        fix: 'aws.cloudFront.domainNames[0] is the same.',
      },
    ],
  },
  {
    name: 'CloudFront shut out',
    given: { aws: { viewerCidrs: ['192.0.2.0/24'], cloudFront: {} } },
    problems: [
      {
        key: 'aws.viewerCidrs',
        value: ['192.0.2.0/24'],
        allowed: '["0.0.0.0/0"], because of aws.cloudFront',
        fix: 'set aws.cloudFront to false',
      },
    ],
  },
];

function channels(...programs: readonly string[]): object[] {
  return programs.map((program) => ({ program }));
}

const mediaLiveCases: Case[] = [
  {
    name: 'a channel for a program that is not there',
    given: { aws: { mediaLive: channels('camera1', 'camera4') } },
    problems: [
      {
        key: 'aws.mediaLive[1].program',
        value: 'camera4',
        allowed: 'camera1, camera2 or camera3',
        fix: 'Did you mean "camera1"?',
      },
    ],
  },
  {
    name: 'two channels for one program',
    given: { aws: { mediaLive: channels('camera1', 'camera1') } },
    problems: [
      {
        key: 'aws.mediaLive[1].program',
        value: 'camera1',
        allowed: 'each program once',
        fix: 'Take it out: aws.mediaLive[0].program is the same.',
      },
    ],
  },
  {
    name: 'a channel for a program without a backup',
    given: {
      programs: [
        { name: 'show', candidates: ['master/camera1', 'master/camera2', 'slate'] },
        { name: 'spare', candidates: ['backup/spare', 'master/camera1'] },
      ],
      aws: { mediaLive: channels('show', 'spare') },
    },
    problems: [
      {
        key: 'aws.mediaLive[0].program',
        value: 'show',
        allowed: 'a program with a backup, from whose host the channel pulls too',
        fix: 'Add a backup to the candidates of show',
      },
      { key: 'aws.mediaLive[1].program', value: 'spare', allowed: 'with a backup', fix: 'Add a backup' },
    ],
  },
  {
    name: 'no backup at all',
    given: { backups: [], aws: { mediaLive: channels('camera1') } },
    problems: [
      { key: 'aws.mediaLive[0].program', value: 'camera1', allowed: 'with a backup', fix: 'Add a backup' },
    ],
  },
  {
    name: 'two destinations',
    given: {
      aws: { mediaLive: [{ program: 'camera1', destination: { s3: 'archive', mediaPackage: 'show' } }] },
    },
    problems: [
      {
        key: 'aws.mediaLive[0].destination',
        value: { s3: 'archive', mediaPackage: 'show' },
        allowed: 's3 or mediaPackage, not both',
        fix: 'Take one of the two out.',
      },
    ],
  },
  {
    name: 'a bucket and an id that cannot be',
    given: {
      aws: {
        mediaLive: [
          { program: 'camera1', destination: { s3: 'Archive' } },
          { program: 'camera2', destination: { mediaPackage: 'my show' } },
        ],
      },
    },
    problems: [
      {
        key: 'aws.mediaLive[0].destination.s3',
        value: 'Archive',
        allowed: 'the name of an S3 bucket',
        fix: 'this rule',
      },
      {
        key: 'aws.mediaLive[1].destination.mediaPackage',
        value: 'my show',
        allowed: 'letters, digits, - and _',
        fix: 'this rule',
      },
    ],
  },
  {
    name: 'a frame rate and a ladder that there are not',
    given: { aws: { mediaLive: [{ program: 'camera1', frameRate: 29.97, ladder: 'fullhd' }] } },
    problems: [
      { key: 'aws.mediaLive[0].ladder', value: 'fullhd', allowed: '"full-hd"', fix: 'Did you mean' },
      { key: 'aws.mediaLive[0].frameRate', value: 29.97, allowed: '24, 25, 30', fix: 'for the default, 30' },
    ],
  },
  {
    name: 'a region without MediaLive',
    given: { aws: { region: 'us-west-1', zones: 2, mediaLive: channels('camera1') } },
    problems: [
      {
        key: 'aws.region',
        value: 'us-west-1',
        allowed: 'a region with MediaLive, because of aws.mediaLive',
        fix: 'Deploy to another region',
      },
    ],
  },
  {
    name: 'as many ranges of encoders as a security group has rules for, and the channels’ own',
    given: {
      masters: Array.from({ length: 20 }, (_, index) => ({ name: `camera${index}` })),
      aws: {
        encoderCidrs: ranges(47),
        mediaLive: Array.from({ length: 7 }, (_, index) => ({ program: `camera${index}`, pipelines: 2 })),
      },
    },
    problems: [
      {
        key: 'aws.encoderCidrs',
        value: ranges(47),
        allowed: 'a list of 1 to 46, because of aws.mediaLive: a security group has 60 rules',
        fix: 'Join neighbouring ranges',
      },
    ],
  },
];

const fixedCases: Case[] = [
  {
    name: 'other ports',
    given: { rtmp: { port: 1936 }, http: { port: 80 }, control: { port: 0 } },
    problems: [
      { key: 'rtmp.port', value: 1936, allowed: '1935, on AWS', fix: 'Leave it out' },
      { key: 'http.port', value: 80, allowed: '8080, on AWS', fix: 'Leave it out' },
      { key: 'control.port', value: 0, allowed: '8081, on AWS', fix: 'Leave it out' },
    ],
  },
  {
    name: 'keys from the environment, a file or a credential',
    given: {
      masters: [{ name: 'camera1', key: { env: 'CAMERA1_KEY' } }],
      backups: [{ name: 'spare', key: { file: 'spare.key' } }],
      relay: { key: { credential: 'relay.key' } },
    },
    problems: [
      { key: 'masters[0].key', value: '(hidden)', allowed: 'nothing, on AWS', fix: KEY_FIX },
      { key: 'backups[0].key', value: '(hidden)', allowed: 'nothing, on AWS', fix: KEY_FIX },
      { key: 'relay.key', value: '(hidden)', allowed: 'nothing, on AWS', fix: KEY_FIX },
    ],
  },
  {
    name: 'a console for those elsewhere',
    given: { control: { token: { env: 'CONSOLE_TOKEN' }, publicReads: true } },
    problems: [
      { key: 'control.token', value: '(hidden)', allowed: 'nothing, on AWS', fix: 'forward port 8080' },
      { key: 'control.publicReads', value: true, allowed: 'nothing, on AWS', fix: 'forward port 8080' },
    ],
  },
  {
    name: 'a play key that is not the generated one',
    given: { viewers: { playKey: { env: 'PLAY_KEY' } } },
    problems: [
      {
        key: 'viewers.playKey',
        value: '(hidden)',
        allowed: '{"credential": "play.key"}, on AWS',
        fix: 'generated in AWS Secrets Manager',
      },
    ],
  },
  {
    name: 'signed URLs, and channels that cannot sign',
    given: {
      viewers: { playKey: { credential: 'play.key' } },
      aws: { mediaLive: [{ program: 'camera1' }] },
    },
    problems: [
      {
        key: 'viewers.playKey',
        value: '(hidden)',
        allowed: 'nothing, because of aws.mediaLive',
        fix: 'cannot sign yet',
      },
    ],
  },
  {
    name: 'hosts of one’s own, and which one this is',
    given: { hosts: [{ name: 'one', address: '192.0.2.1', inputs: ['master/camera1'] }], host: 'one' },
    problems: [
      {
        key: 'hosts',
        value: [{ name: 'one', address: '192.0.2.1', inputs: ['master/camera1'] }],
        allowed: 'nothing, on AWS',
        fix: 'aws.hosts',
      },
      { key: 'host', value: 'one', allowed: 'nothing, on AWS', fix: 'by its environment' },
    ],
  },
  {
    name: 'addresses to listen on',
    given: { rtmp: { host: '192.0.2.1' }, http: { host: '127.0.0.1' } },
    problems: [
      { key: 'rtmp.host', value: '192.0.2.1', allowed: 'nothing, on AWS', fix: 'security groups' },
      { key: 'http.host', value: '127.0.0.1', allowed: 'nothing, on AWS', fix: 'security groups' },
    ],
  },
  {
    name: 'a certificate on the hosts',
    given: { rtmps: { certificate: 'tls.pem', privateKey: { file: 'tls.key' } } },
    problems: [
      {
        key: 'rtmps',
        value: { certificate: 'tls.pem', privateKey: '(hidden)' },
        allowed: 'nothing, on AWS',
        fix: 'with aws.certificateArn',
      },
    ],
  },
  {
    name: 'a slate of one’s own',
    given: { slate: { file: 'slate.flv' } },
    problems: [
      { key: 'slate.file', value: 'slate.flv', allowed: 'nothing, on AWS', fix: 'not supported yet on AWS' },
    ],
  },
  {
    name: 'metrics sent to where no alarm watches',
    given: { aws: { region: 'eu-west-1' }, metrics: { cloudWatch: { region: 'eu-central-1' } } },
    problems: [
      {
        key: 'metrics.cloudWatch.region',
        value: 'eu-central-1',
        allowed: 'the region of the hosts',
        fix: 'Leave it out',
      },
    ],
  },
  {
    name: 'problems of all kinds at once, of one key only the first',
    given: {
      masters: [{ name: 'camera1' }, { name: 'camera1' }],
      aws: { vpcCidr: '10.0.0.0', instanceType: 'c7i.large', hosts: [{ input: 'backup/spar' }] },
      rtmp: { port: 70_000 },
    },
    problems: [
      { key: 'aws.vpcCidr', value: '10.0.0.0', allowed: 'an IPv4 range', fix: 'this rule' },
      { key: 'rtmp.port', value: 70_000, allowed: '0 to 65535', fix: 'default, 1935' },
      { key: 'masters[1].name', value: 'camera1', allowed: 'a name of its own', fix: 'Rename it' },
      { key: 'aws.instanceType', value: 'c7i.large', allowed: ARM64, fix: 'c7g.large' },
      { key: 'aws.hosts[0].input', value: 'backup/spar', allowed: 'backup/spare', fix: 'Did you mean' },
    ],
  },
];

const goodCases: { name: string; given: Record<string, unknown> }[] = [
  { name: 'nothing but names', given: {} },
  { name: 'a backup of a master’s name: names are of their list', given: { backups: [{ name: 'camera1' }] } },
  { name: 'no backup, in one zone', given: { masters: [{ name: 'camera1' }], backups: [] } },
  {
    name: 'everything',
    given: {
      aws: {
        region: 'us-west-1',
        zones: 2,
        vpcCidr: '172.31.0.0/16',
        architecture: 'x86_64',
        instanceType: 'c7i.large',
        hosts: [{ input: 'backup/spare', zone: 1, instanceType: 'g4dn.xlarge' }],
        certificateArn: `arn:aws:acm:us-west-1:123456789012:${CERTIFICATE_ID}`,
        cloudFront: { domainNames: ['live.example.com'], certificateArn: IN_VIRGINIA },
        edges: { instanceType: 'c7a.large', min: 3, max: 3 },
      },
      rtmp: { port: 1935 },
      metrics: { cloudWatch: { region: 'us-west-1' } },
      viewers: { playKey: { credential: 'play.key' } },
    },
  },
  {
    name: 'channels of all kinds',
    given: {
      aws: {
        region: 'eu-central-1',
        encoderCidrs: ranges(50),
        mediaLive: [
          { program: 'camera1' },
          { program: 'camera2', ladder: 'full-hd', frameRate: 50, destination: { s3: 'archive.example' } },
          { program: 'camera3', pipelines: 2, destination: { mediaPackage: 'show' }, healthyForSeconds: 0 },
        ],
      },
    },
  },
  {
    name: 'a certificate, where the region is the environment’s',
    given: { aws: { certificateArn: IN_FRANKFURT } },
  },
  {
    name: 'a camera with its login',
    given: {
      masters: [
        { name: 'camera1', camera: { url: 'rtsp://192.0.2.7/main', login: { env: 'CAMERA1_LOGIN' } } },
      ],
    },
  },
];

function problemsOf(given: Record<string, unknown>) {
  const parsed = parseDeployment(JSON.stringify({ ...BASE, ...given }));
  return parsed.ok ? [] : parsed.problems;
}

describe.each([
  { kind: 'the schema', cases: schemaCases },
  { kind: 'the network', cases: networkCases },
  { kind: 'hosts', cases: hostCases },
  { kind: 'delivery', cases: deliveryCases },
  { kind: 'MediaLive', cases: mediaLiveCases },
  { kind: 'what the kit decides', cases: fixedCases },
])('mistakes about $kind', ({ cases }) => {
  it.each(cases)('$name', ({ given, problems }) => {
    const found = problemsOf(given);
    expect(found.map(({ key, value }) => ({ key, value }))).toEqual(
      problems.map(({ key, value }) => ({ key, value })),
    );
    for (const [index, { allowed, fix }] of problems.entries()) {
      expect(found[index]?.allowed).toContain(allowed);
      expect(found[index]?.fix).toContain(fix);
    }
  });
});

describe('a configuration that AWS can do', () => {
  it.each(goodCases)('$name', ({ given }) => {
    expect(formatProblems(problemsOf(given), 'it')).toBe('it has 0 problems.');
  });
});
