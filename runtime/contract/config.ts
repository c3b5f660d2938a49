/** The schema of `understudy.config.json`: every key with its bounds, its default and the text that editors show. */
import { z } from 'zod';

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

const HOLD_BOUNDS_MS = [0, 600_000] as const;
const TIMEOUT_BOUNDS_MS = [100, 600_000] as const;
const BUFFER_BOUNDS_BYTES = [65_536, 1_073_741_824] as const;

const keyReference = z
  .union([
    z.strictObject({ env: text(VARIABLE_PATTERN, VARIABLE_RULE, 'The environment variable that holds it.') }),
    z.strictObject({ file: path('The file that holds it, relative to the configuration file.') }),
  ])
  .describe(`Where the stream key stands, never the key itself. Default: generated in ${KEYS_FILE}.`);

const input = z.strictObject({
  name: text(NAME_PATTERN, NAME_RULE, 'The name of the stream that the encoder publishes.'),
  key: keyReference.exactOptional(),
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
    http: z
      .strictObject({
        host: text(HOST_PATTERN, HOST_RULE, ANY_ADDRESS).exactOptional(),
        port: port(8080, 'Where HTTP viewers play'),
      })
      .prefault({})
      .describe('The HTTP listener for viewers.'),
    control: z
      .strictObject({ port: port(8081, 'The control API and the console') })
      .prefault({})
      .describe('The control listener, always on the loopback address.'),
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
      })
      .prefault({})
      .describe('Bounds on viewers.'),
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

/** The JSON Schema of the file as people write it: nothing that has a default is required. */
export function configJsonSchema() {
  return z.toJSONSchema(document, { io: 'input' });
}
