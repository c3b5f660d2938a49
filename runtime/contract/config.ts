/** The schema of `understudy.config.json`: every key with its bounds, its default and the text that editors show. */
import * as z from 'zod';
import { METRIC_NAMESPACE } from './metric-names.ts';

/** The names of masters, backups and programs: they travel in URLs, file names and metric dimensions. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const NAME_RULE = '1 to 64 lower-case letters, digits, - and _, the first a letter or a digit';

/** Beside the configuration: the stream keys that are generated for inputs whose `key` says nothing else. */
export const KEYS_FILE = 'understudy.keys.json';

const CANDIDATE_PATTERN = /^(?:(?:master|backup)\/[a-z0-9][a-z0-9_-]{0,63}|slate)$/;
const CANDIDATE_RULE = 'master/<name>, backup/<name> or slate';

// Upper case only: what stands here is then hardly ever the key itself, put here by mistake.
const VARIABLE_PATTERN = /^[A-Z_][A-Z0-9_]*$/;
const VARIABLE_RULE = 'the name of an environment variable: capitals, digits and _';

const CREDENTIAL_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const CREDENTIAL_RULE = 'the name of a credential in the unit: LoadCredential=<name>:<file>';

const HOST_PATTERN = /^[A-Za-z0-9.:_-]+$/;
const HOST_RULE = 'an IP address or a host name of this machine, without scheme and port';

/** `patternErrorMessage` is VS Code's: it shows the rule instead of the pattern, and so does config-rules.ts. */
function text(pattern: RegExp, rule: string, description: string) {
  return z.string().regex(pattern).meta({ description, patternErrorMessage: rule });
}

function path(description: string) {
  return z.string().min(1).describe(description);
}

function whole(bounds: readonly [least: number, most: number], fallback: number, description: string) {
  return wholeWithoutDefault(bounds).default(fallback).describe(description);
}

function wholeWithoutDefault([least, most]: readonly [number, number]) {
  return z.int().min(least).max(most);
}

function port(fallback: number, description: string) {
  return whole([0, 65_535], fallback, `${description}; 0 takes any free port.`);
}

const REGION_PATTERN = /^[a-z]{2}(?:-[a-z]+)+-\d$/;
const REGION_RULE = 'an AWS region, as eu-central-1';
const NAMESPACE_PATTERN = /^(?!AWS\/)[A-Za-z0-9._/#:-]{1,255}$/;
const NAMESPACE_RULE = '1 to 255 of A-Z a-z 0-9 . _ / # : -, not beginning with AWS/';

const CIDR_PATTERN = /^(?:\d{1,3}\.){3}\d{1,3}\/(?:[0-9]|[12][0-9]|3[0-2])$/;
const CIDR_RULE = 'an IPv4 range, as 192.0.2.0/24';
const INSTANCE_TYPE_PATTERN = /^[a-z][a-z0-9-]*\d[a-z0-9-]*\.[a-z0-9-]+$/;
const INSTANCE_TYPE_RULE = 'an EC2 instance type, as c7g.large';
const CERTIFICATE_PATTERN =
  /^arn:aws(?:-[a-z]+)*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CERTIFICATE_RULE = 'the ARN of a certificate in AWS Certificate Manager';
const BUCKET_PATTERN = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const BUCKET_RULE = 'the name of an S3 bucket';
const CHANNEL_PATTERN = /^[A-Za-z0-9_-]{1,256}$/;
const CHANNEL_RULE = 'letters, digits, - and _';
const DOMAIN_PATTERN = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const DOMAIN_RULE = 'a domain name, in lower-case letters';
const EMAIL_PATTERN = /^[^\s@]{1,64}@[^\s@]+\.[^\s@]{2,}$/;
const EMAIL_RULE = 'an e-mail address';

const INPUT_PATTERN = /^(?:master|backup)\/[a-z0-9][a-z0-9_-]{0,63}$/;
const INPUT_RULE = 'master/<name> or backup/<name>';

// A user and a password in a URL would be a secret in the file.
const CAMERA_PATTERN = /^(?:rtsp|rtmp):\/\/[^/\s@]+(?:\/[^\s@]*)?$/;
const CAMERA_RULE = 'rtsp://HOST/PATH or rtmp://HOST/APP/STREAM, without a user and a password';

const HOLD_BOUNDS_MS = [0, 600_000] as const;
const TIMEOUT_BOUNDS_MS = [100, 600_000] as const;
const BUFFER_BOUNDS_BYTES = [65_536, 1_073_741_824] as const;

function secretReference(description: string) {
  return z
    .union([
      z.strictObject({
        env: text(VARIABLE_PATTERN, VARIABLE_RULE, 'The environment variable that holds it.'),
      }),
      z.strictObject({ file: path('The file that holds it, relative to the configuration file.') }),
      z.strictObject({
        credential: text(CREDENTIAL_PATTERN, CREDENTIAL_RULE, 'The systemd credential that holds it.'),
      }),
    ])
    .describe(description);
}

const keyReference = secretReference(
  `Where the stream key stands, never the key itself. Default: generated in ${KEYS_FILE}.`,
);

const input = z.strictObject({
  name: text(NAME_PATTERN, NAME_RULE, 'The name of the stream that the encoder publishes.'),
  key: keyReference.exactOptional(),
  camera: z
    .strictObject({
      url: text(CAMERA_PATTERN, CAMERA_RULE, 'Where the camera serves its stream.'),
      login: secretReference('Where USER:PASSWORD of the camera stands, never itself.').exactOptional(),
    })
    .exactOptional()
    .describe('A camera that does not publish by itself: the host pulls it and publishes it as this input.'),
  floor: z
    .strictObject({
      videoKbps: wholeWithoutDefault([1, 1_000_000])
        .exactOptional()
        .describe('Video bit rate, in kbit/s, below which the input is degraded.'),
      frameRate: z
        .number()
        .min(0.1)
        .max(1000)
        .exactOptional()
        .describe('Frames a second below which the input is degraded.'),
    })
    .exactOptional()
    .describe('What the input must deliver, on the mean of three seconds; below it, it counts as degraded.'),
});

const failback = z.enum(['auto', 'manual', 'sticky']);

const program = z.strictObject({
  name: text(NAME_PATTERN, NAME_RULE, 'Viewers play live/<name>.'),
  candidates: z
    .array(text(CANDIDATE_PATTERN, CANDIDATE_RULE, 'An input or the slate.'))
    .min(1)
    .max(24)
    .describe('What may be on air, the best first.'),
  failback: failback.exactOptional().describe('Default: that of "failover".'),
  failbackHoldMs: wholeWithoutDefault(HOLD_BOUNDS_MS)
    .exactOptional()
    .describe('In ms. Default: that of "failover".'),
});

const failover = z.strictObject({
  onLoss: z
    .enum(['switch', 'wait'])
    .default('switch')
    .describe(
      'What the host does by itself when what is on air is lost. wait: nothing, until it comes back or a command says where to go.',
    ),
  stallTimeoutMs: whole([100, 10_000], 500, 'An input that delivers nothing for so many ms has stalled.'),
  failback: failback
    .default('auto')
    .describe(
      'auto: back to the better candidate; manual: an operator does it; sticky: stay until it is lost.',
    ),
  failbackHoldMs: whole(
    HOLD_BOUNDS_MS,
    10_000,
    'How long, in ms, the better candidate must have been clean.',
  ),
  contention: z
    .enum(['share', 'priority', 'exclusive'])
    .default('share')
    .describe(
      'Several programs need one backup. share: all show it; priority: the first in the list of programs; exclusive: the first to take it.',
    ),
  flap: z
    .strictObject({
      losses: whole([1, 100], 3, 'A candidate lost so many times within windowMs is held longer each time.'),
      windowMs: whole([1000, 3_600_000], 60_000, 'In ms.'),
      maxHoldMs: whole([0, 3_600_000], 300_000, 'The longest hold, in ms.'),
    })
    .prefault({})
    .describe('Damping of candidates that come and go.'),
  degradedAfterMs: whole(
    TIMEOUT_BOUNDS_MS,
    2000,
    'An input that lacks a track which it had for so many ms is degraded.',
  ),
});

const hostEntry = z.strictObject({
  name: text(NAME_PATTERN, NAME_RULE, 'The name by which a host knows which one it is.'),
  address: text(HOST_PATTERN, HOST_RULE, 'Where the other hosts reach it: an IP address or a name.'),
  rtmpPort: wholeWithoutDefault([1, 65_535])
    .exactOptional()
    .describe('Its RTMP port, as the other hosts reach it. Default: rtmp.port.'),
  inputs: z
    .array(text(INPUT_PATTERN, INPUT_RULE, 'An input that encoders publish to this host.'))
    .max(23)
    .default([])
    .describe('The inputs that it takes from encoders; a host without any is an edge.'),
  relays: z
    .array(text(NAME_PATTERN, NAME_RULE, 'The name of another host.'))
    .max(100)
    .exactOptional()
    .describe(
      'The hosts that it pushes its backups to, all the time. Default: all that take a master. Others pull what they need.',
    ),
});

const cidr = (description: string) => text(CIDR_PATTERN, CIDR_RULE, description);

const instanceType = () => text(INSTANCE_TYPE_PATTERN, INSTANCE_TYPE_RULE, 'The EC2 instance type.');

const aws = z.strictObject({
  region: text(REGION_PATTERN, REGION_RULE, 'Default: that of the environment of the CDK.').exactOptional(),
  zones: whole([2, 3], 3, 'How many availability zones the hosts are spread over.'),
  vpcCidr: cidr('The address range of the network.').default('10.90.0.0/16'),
  encoderCidrs: z
    .array(cidr('An address range.'))
    .min(1)
    .max(50)
    .default(['0.0.0.0/0'])
    .describe('Where encoders publish from.'),
  viewerCidrs: z
    .array(cidr('An address range.'))
    .min(1)
    .max(50)
    .default(['0.0.0.0/0'])
    .describe('Where viewers play from.'),
  architecture: z.enum(['arm64', 'x86_64']).default('arm64').describe('arm64 is AWS Graviton.'),
  instanceType: instanceType().default('c7g.large'),
  hosts: z
    .array(
      z.strictObject({
        input: text(INPUT_PATTERN, INPUT_RULE, 'The input whose host this is about.'),
        zone: wholeWithoutDefault([1, 3]).exactOptional().describe('In which of the zones it stands.'),
        instanceType: instanceType().exactOptional(),
      }),
    )
    .max(23)
    .default([])
    .describe('What is different for single hosts. Each input has a host of its own.'),
  certificateArn: text(CERTIFICATE_PATTERN, CERTIFICATE_RULE, 'For RTMPS and HTTPS.').exactOptional(),
  cloudFront: z
    .union([
      z.literal(false),
      z.strictObject({
        priceClass: z.enum(['100', '200', 'all']).default('100').describe('Where in the world it serves.'),
        domainNames: z
          .array(text(DOMAIN_PATTERN, DOMAIN_RULE, 'A name of your own.'))
          .max(10)
          .default([])
          .describe('Needs certificateArn.'),
        certificateArn: text(
          CERTIFICATE_PATTERN,
          CERTIFICATE_RULE,
          'For the names; it must be one of us-east-1.',
        ).exactOptional(),
      }),
    ])
    .default(false)
    .describe('A CDN in front of HTTP.'),
  edges: z
    .union([
      z.literal(false),
      z.strictObject({
        instanceType: instanceType().default('c7g.large'),
        min: whole([1, 50], 2, 'The least number of edges.'),
        max: whole([1, 100], 8, 'The greatest number of edges.'),
        networkOutMbps: whole([10, 100_000], 600, 'What one edge should send, in Mbit/s, on the mean.'),
        viewersPerEdge: whole([10, 100_000], 1_500, 'How many viewers one edge should have, on the mean.'),
      }),
    ])
    .default(false)
    .describe('Hosts without inputs that serve viewers, as many as are needed.'),
  mediaLive: z
    .array(
      z.strictObject({
        program: text(NAME_PATTERN, NAME_RULE, 'The program that the channel encodes.'),
        ladder: z
          .enum(['sd', 'hd', 'full-hd'])
          .default('hd')
          .describe('The renditions: up to 480, 720 or 1080 lines, H.264 and AAC.'),
        frameRate: z
          .union([24, 25, 30, 50, 60].map((rate) => z.literal(rate)))
          .default(30)
          .describe('Frames a second of all renditions.'),
        pipelines: z
          .union([z.literal(1), z.literal(2)])
          .default(1)
          .describe('2: a standard channel, which survives the loss of a zone, at twice the price.'),
        destination: z
          .strictObject({
            s3: text(BUCKET_PATTERN, BUCKET_RULE, 'A bucket of yours.').exactOptional(),
            mediaPackage: text(
              CHANNEL_PATTERN,
              CHANNEL_RULE,
              'The id of an AWS Elemental MediaPackage channel.',
            ).exactOptional(),
          })
          .prefault({})
          .describe('Where the HLS goes: one of the two. Default: a bucket of the deployment.'),
        healthyForSeconds: whole(
          [0, 3_600],
          60,
          "How long the program's own host must be well before the channel returns to it.",
        ),
      }),
    )
    .max(20)
    .default([])
    .describe('AWS Elemental MediaLive channels that encode programs. They cost by the hour while they run.'),
  alarmEmails: z
    .array(text(EMAIL_PATTERN, EMAIL_RULE, 'Gets the alarms, once it has confirmed.'))
    .max(10)
    .default([])
    .describe('Who is told of alarms.'),
  logRetentionDays: z
    .union([1, 3, 7, 14, 30, 60, 90, 180, 365].map((days) => z.literal(days)))
    .default(30)
    .describe('How long logs are kept.'),
  keepAddresses: z
    .boolean()
    .default(true)
    .describe('Protect the network stack, with the addresses that encoders and players know, from deletion.'),
});

const ANY_ADDRESS = 'The address to listen on. Default: all addresses of the machine.';

const document = z
  .strictObject({
    $schema: z
      .string()
      .exactOptional()
      .describe('./understudy.schema.json: editors then check and complete.'),
    masters: z.array(input).min(1).max(20).describe('The encoders that are on air as long as they are well.'),
    backups: z.array(input).max(3).default([]).describe('The encoders that stand in for any master.'),
    programs: z
      .array(program)
      .min(1)
      .max(100)
      .exactOptional()
      .describe(
        'What viewers play, in order of priority in contention. Default: one for each master, of its name: the master, the backups, the slate.',
      ),
    name: text(NAME_PATTERN, NAME_RULE, 'The name of the deployment: goes into metrics.').default(
      'understudy',
    ),
    hosts: z
      .array(hostEntry)
      .min(1)
      .max(100)
      .exactOptional()
      .describe(
        'The machines that share the work; the same list on all of them. Default: this one does it all.',
      ),
    host: text(
      NAME_PATTERN,
      NAME_RULE,
      'Which of the hosts this one is. Usually said by --host or the environment variable UNDERSTUDY_HOST instead.',
    ).exactOptional(),
    relay: z
      .strictObject({
        key: secretReference(
          'Where the key stands with which hosts know each other, the same on all of them. Needed where there are hosts.',
        ).exactOptional(),
        keepWarm: z
          .boolean()
          .default(false)
          .describe(
            'Pull what programs need also while nobody plays them: the first viewer then waits for nothing.',
          ),
        lingerMs: whole([0, 3_600_000], 30_000, 'Pulls of a program end so many ms after its last viewer.'),
        queueLimitBytes: whole(
          [65_536, 268_435_456],
          16_777_216,
          'A host that is behind by more than this skips to the next keyframe.',
        ),
      })
      .prefault({})
      .describe('How inputs travel between hosts.'),
    drain: z
      .strictObject({
        timeoutMs: whole(
          [0, 3_600_000],
          30_000,
          'How long, in ms, the viewers of a host that is told to stop may go on.',
        ),
      })
      .prefault({})
      .describe('What happens on SIGTERM.'),
    metrics: z
      .strictObject({
        port: wholeWithoutDefault([0, 65_535])
          .exactOptional()
          .describe(
            '/metrics on all addresses, for a Prometheus elsewhere. It is on the control listener anyway.',
          ),
        cloudWatch: z
          .union([
            z.literal(false),
            z.strictObject({
              region: text(REGION_PATTERN, REGION_RULE, 'Default: that of the environment.').exactOptional(),
              namespace: text(NAMESPACE_PATTERN, NAMESPACE_RULE, 'The namespace of the metrics.').default(
                METRIC_NAMESPACE,
              ),
            }),
          ])
          .default(false)
          .describe('Send metrics to Amazon CloudWatch, with the credentials of the environment.'),
      })
      .prefault({})
      .describe('Where figures go.'),
    aws: aws.prefault({}).describe('The deployment on AWS (npm run deploy).'),
    slate: z
      .union([
        z.literal(false),
        z.strictObject({
          file: path('A clip of your own, relative to the configuration file.').exactOptional(),
        }),
      ])
      .default({})
      .describe('What is shown when nothing else is left. Default: the built-in clip; false: nothing.'),
    failover: failover.prefault({}).describe('When programs switch, and when they go back.'),
    rtmp: z
      .strictObject({
        host: text(HOST_PATTERN, HOST_RULE, ANY_ADDRESS).exactOptional(),
        port: port(1935, 'Where encoders publish and RTMP viewers play'),
      })
      .prefault({})
      .describe('The RTMP listener.'),
    rtmps: z
      .union([
        z.literal(false),
        z.strictObject({
          host: text(HOST_PATTERN, HOST_RULE, ANY_ADDRESS).exactOptional(),
          port: port(1936, 'Where encoders publish and viewers play with TLS'),
          certificate: path(
            'The certificate with its chain, a PEM file, relative to the configuration file.',
          ),
          privateKey: secretReference('Where its private key stands, in PEM.'),
        }),
      ])
      .default(false)
      .describe('A listener for RTMP over TLS. A certificate that is renewed is taken up within seconds.'),
    http: z
      .strictObject({
        host: text(HOST_PATTERN, HOST_RULE, ANY_ADDRESS).exactOptional(),
        port: port(8080, 'Where HTTP viewers play'),
      })
      .prefault({})
      .describe('The HTTP listener for viewers.'),
    hls: z
      .union([
        z.literal(false),
        z.strictObject({
          segmentMs: whole([1_000, 10_000], 2_000, 'How long a segment should be: no less than the GOP.'),
          partMs: whole([100, 1_000], 500, 'The longest part of a segment, for players of low latency.'),
          segments: whole([3, 50], 6, 'How many segments a playlist has, at least.'),
          limitBytes: whole(
            [1_048_576, 1_073_741_824],
            67_108_864,
            'More than this of a program is not held.',
          ),
        }),
      ])
      .prefault({})
      .describe('HLS, on the HTTP listener. false: none.'),
    control: z
      .strictObject({
        port: port(8081, 'The control API, on the loopback address only'),
        token: secretReference(
          `Where the token stands with which the console and the control API are reached from elsewhere. Default: generated in ${KEYS_FILE}.`,
        ).exactOptional(),
        remote: z
          .boolean()
          .default(true)
          .describe('The console and the control API on http.port, for those who have the token.'),
        publicReads: z
          .boolean()
          .default(false)
          .describe('Whoever reaches http.port may look, and change nothing, without the token.'),
        trustLoopback: z
          .boolean()
          .default(true)
          .describe(
            'Whoever is on this machine needs no token. false where a proxy on it leads others to http.port.',
          ),
      })
      .prefault({})
      .describe('The console, and the control API.'),
    viewers: z
      .strictObject({
        queueLimitBytes: whole(
          [65_536, 268_435_456],
          4_194_304,
          'A viewer with more than this unsent skips to the next keyframe.',
        ),
        stuckTimeoutMs: whole(
          TIMEOUT_BOUNDS_MS,
          10_000,
          'A viewer that takes nothing for so many ms is closed.',
        ),
        maxViewers: whole([1, 1_000_000], 5000, 'More viewers are turned away.'),
        deliveryBudgetMs: whole(
          [0, 1_000],
          40,
          'How long, in ms, packets may be gathered where there are many viewers: fewer writes, less work. 0: never.',
        ),
        workers: z
          .union([z.literal('auto'), z.int().min(0).max(64)])
          .default('auto')
          .describe(
            'Processes that write to viewers, so that more than one core does. auto: as many as the viewers need and there are cores; none on one core.',
          ),
        playKey: secretReference(
          'Where the key stands that signs play URLs, the same on all hosts. Default: everybody may play.',
        ).exactOptional(),
      })
      .prefault({})
      .describe('Who may play, and bounds on viewers.'),
    warmBuffer: z
      .strictObject({
        limitBytes: whole(BUFFER_BOUNDS_BYTES, 33_554_432, 'In bytes, for each input.'),
        limitMs: whole(TIMEOUT_BOUNDS_MS, 20_000, 'In ms. It must hold one stall time-out and one GOP.'),
      })
      .prefault({})
      .describe("Each input's recent past, from which a switch fills the time that detection took."),
    limits: z
      .strictObject({
        connections: whole([1, 1_000_000], 10_000, 'More RTMP connections are turned away.'),
        connectionsPerAddress: whole(
          [1, 1_000_000],
          2_000,
          'More RTMP connections from one address are turned away.',
        ),
        handshakes: whole(
          [1, 1_000_000],
          1_000,
          'More RTMP connections that have not done their handshake are turned away.',
        ),
        strangersBytes: whole(
          BUFFER_BOUNDS_BYTES,
          67_108_864,
          'What connections that have shown no key may make the host hold, together; the greediest is closed.',
        ),
        handshakeTimeoutMs: whole(
          TIMEOUT_BOUNDS_MS,
          5000,
          'In ms, from the connection to the end of its handshake.',
        ),
        idleTimeoutMs: whole(
          [100, 3_600_000],
          30_000,
          'A connection that sends nothing for so many ms is closed, unless it plays.',
        ),
        messageBytes: whole([65_536, 16_777_215], 8_388_608, 'The longest RTMP message that is accepted.'),
        publisherKbps: whole(
          [1_000, 10_000_000],
          100_000,
          'What a publisher may send, in kbit/s on the mean; more is not read, and TCP slows it down.',
        ),
      })
      .prefault({})
      .describe('Bounds on what peers may do.'),
  })
  .meta({ title: 'Understudy', description: 'Masters, backups and policies of an Understudy.' });

/** Programs are complete in the output: the default list is made, and each has its own failback and hold. */
export const configSchema = document.transform((given) => {
  const last = [...given.backups.map(({ name }) => `backup/${name}`), ...(given.slate ? ['slate'] : [])];
  const programs: z.output<typeof program>[] =
    given.programs ?? given.masters.map(({ name }) => ({ name, candidates: [`master/${name}`, ...last] }));
  const { failback, failbackHoldMs } = given.failover;
  return { ...given, programs: programs.map((own) => ({ failback, failbackHoldMs, ...own })) };
});

export type Config = z.output<typeof configSchema>;
export type InputConfig = Config['masters'][number];
export type KeyReference = z.output<typeof keyReference>;
export type HostConfig = z.output<typeof hostEntry>;
export type AwsConfig = Config['aws'];
export type ProgramConfig = Config['programs'][number];
export type FailoverConfig = Config['failover'];

/** An input with its full name (`master/camera1`) and its place in the file (`masters[0]`), for messages. */
export interface ConfiguredInput extends InputConfig {
  readonly input: string;
  readonly place: string;
}

/** All inputs, the masters first, in the order of the file. */
export function configuredInputs(config: Pick<Config, 'masters' | 'backups'>): ConfiguredInput[] {
  return [
    ...config.masters.map((own, index) => ({
      ...own,
      input: `master/${own.name}`,
      place: `masters[${index}]`,
    })),
    ...config.backups.map((own, index) => ({
      ...own,
      input: `backup/${own.name}`,
      place: `backups[${index}]`,
    })),
  ];
}

/** The inputs that encoders publish to this host: all of them where there is no other. */
export function ownedInputs(
  config: Pick<Config, 'masters' | 'backups' | 'hosts' | 'host'>,
): ConfiguredInput[] {
  const all = configuredInputs(config);
  if (config.hosts === undefined) return all;
  const own = config.hosts.find(({ name }) => name === config.host)?.inputs ?? [];
  return all.filter(({ input }) => own.includes(input));
}

/** The JSON Schema of the file as people write it: nothing that has a default is required. */
export function configJsonSchema() {
  return z.toJSONSchema(document, { io: 'input' });
}
