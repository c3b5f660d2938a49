/**
 * The control API of a host, version 1: what its routes take and answer. Served on the loopback address, and on the HTTP port
 * to those who have the token. The description that is served with it is made of these schemas.
 */
import * as z from 'zod';

/** What a host answers: it is not read by these schemas, only described by them, and held to them by tests. */
function answer<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape).readonly();
}

function list<T extends z.ZodType>(item: T) {
  return z.array(item).readonly();
}

function time(description: string) {
  return z.number().describe(`${description}, in ms since the epoch.`);
}

const asker = {
  by: z.string().min(1).max(200).describe('Who asks: goes into the record of the switch.'),
  reason: z.string().max(500).default('').describe('Why.'),
  notAfter: z
    .number()
    .positive()
    .exactOptional()
    .describe(
      'The command is worth nothing later, in ms since the epoch: a host that gets it then does nothing.',
    ),
};
const automatic = z
  .boolean()
  .default(false)
  .describe(
    'Given by a function, not by a person: it yields to a pin by a person and to a drill, and its sequence is counted apart.',
  );
const sequence = z
  .int()
  .min(0)
  .describe('Commands carry rising numbers: one that a later one has overtaken does nothing.');

/** POST /v1/programs/NAME/switch */
export const switchRequest = z.strictObject({
  source: z.string().min(1).max(100).describe('The candidate to pin: master/NAME, backup/NAME or slate.'),
  ...asker,
  sequence,
  automatic,
  expiresAt: z.number().positive().describe('Until when it is pinned, in ms since the epoch.'),
});

/** POST /v1/programs/NAME/release: ends a pin or a drill. */
export const releaseRequest = z.strictObject({ ...asker, sequence, automatic });

/** POST /v1/programs/NAME/drill: plays the death of the candidate on air. */
export const drillRequest = z.strictObject({
  kind: z
    .enum(['unpublish', 'stall'])
    .default('unpublish')
    .describe('How it seems to die: its publisher leaves, or it freezes until the stall is noticed.'),
  durationMs: z.int().min(1_000).max(600_000).default(10_000),
  ...asker,
});

/** POST /v1/login */
export const loginRequest = z.strictObject({
  token: z.string().min(1).max(256).describe('The token of this host: "understudy keys" shows it.'),
});

export type SwitchRequest = z.input<typeof switchRequest>;
export type ReleaseRequest = z.input<typeof releaseRequest>;
export type DrillRequest = z.input<typeof drillRequest>;

const health = z
  .enum(['absent', 'starting', 'live', 'stalled', 'degraded'])
  .describe('Whether an input can be on air.');

const candidates = list(answer({ name: z.string(), health })).describe('What may be on air, the best first.');

/** A switch, as in GET /v1/switches and in the events. */
export const switchEvent = answer({
  id: z.int().describe('Counts the switches of the program.'),
  program: z.string(),
  cause: z.string().describe('Why, in one word.'),
  detail: z.string().describe('Why, in words.'),
  by: z.string().nullable().describe('Who asked for it.'),
  from: z.string().nullable(),
  to: z.string().nullable().describe('null: nothing is left.'),
  kind: z.enum(['warm', 'clean']).describe('clean: what was on air went on until the cut.'),
  candidates: list(answer({ name: z.string(), health: z.string() })).describe('As they were.'),
  lastPacketAt: time('The last packet of what was on air').nullable(),
  detectedAt: time('When it was noticed'),
  decidedAt: time('When it was decided'),
  firstFrameAt: time('The first frame of the new source').nullable(),
  gapMs: z.number().nullable().describe('For how long viewers got nothing.'),
  holeMs: answer({ video: z.number().nullable(), audio: z.number().nullable() }).describe(
    'Media time that is missing at the splice.',
  ),
  squeezedFrames: z.int().describe('Frames that were sent closer together than they were taken.'),
  viewers: z.int().describe('How many were carried over.'),
});

const videoState = answer({
  codec: z.string(),
  profile: z.string(),
  width: z.int(),
  height: z.int(),
  kbps: z.number().nullable(),
  frameRate: z.number().nullable(),
  gopMs: z.number().nullable().describe('The distance of its keyframes.'),
});

const audioState = answer({
  codec: z.string(),
  profile: z.string(),
  sampleRate: z.number(),
  channels: z.int(),
  kbps: z.number().nullable(),
});

const inputState = answer({
  name: z.string(),
  kind: z.enum(['master', 'backup', 'slate']),
  health,
  detail: z.string().describe('Why it is not live.'),
  isRemote: z.boolean().describe('Encoders publish it to another host.'),
  since: time('Since when it has this health; null: from the start of the host').nullable(),
  publisher: z.string().nullable().describe('The address of who publishes it.'),
  video: videoState.nullable(),
  audio: audioState.nullable(),
  extraTracks: list(z.string()).describe(
    'What it sends beside them, by kind, track id and codec: audio 1 opus.',
  ),
  latenessMs: z
    .number()
    .nullable()
    .describe('How late its packets come from its own host, at least; null where encoders publish it here.'),
  warmBytes: z.int().describe('Of its recent past that is held.'),
});

/** A connection between this host and another one, for one input. */
const relayState = answer({
  kind: z
    .enum(['push', 'pull', 'pulled'])
    .describe(
      'push and pull are kept up by this host; pulled was opened by another one, which takes the input from here.',
    ),
  input: z.string(),
  host: z.string().describe("The other host's name; for pulled, its address."),
  state: z.enum(['connecting', 'open', 'lost']),
  since: time('Since when'),
  detail: z.string().describe('Why it is lost.'),
  sentBytes: z.number().nullable().describe('On this connection; null for a pull, and before there was one.'),
  skips: z
    .int()
    .nullable()
    .describe('How often the other end was so far behind that it skipped to a keyframe.'),
});

/** GET /v1/programs/NAME */
export const programState = answer({
  name: z.string(),
  isResting: z.boolean().describe('Nobody plays it, so its inputs are not brought here from other hosts.'),
  onAir: z.string().nullable(),
  onAirSince: time('Since when').nullable(),
  pending: z.string().nullable().describe('The candidate of a clean cut that waits for a keyframe.'),
  candidates,
  pin: answer({
    source: z.string(),
    by: z.string(),
    reason: z.string(),
    automatic: z.boolean().describe('By the control function, not by a person.'),
    expiresAt: time('When it ends'),
  }).nullable(),
  drill: answer({ source: z.string(), by: z.string(), endsAt: time('When it ends') }).nullable(),
  viewers: z.int(),
  viewerSkips: z.int().describe('How often a slow viewer skipped to a keyframe.'),
  switches: z.int(),
  lastSwitch: switchEvent.nullable(),
  warnings: list(z.string()).describe('What the preflight found, in plain words.'),
});

/** What became of a command. Only `done` changed anything; the others say why. */
export const commandAnswer = answer({
  outcome: z
    .enum(['done', 'repeated', 'overtaken', 'expired', 'yielded', 'refused'])
    .describe('yielded: an automatic command met a pin by a person, or a drill.'),
  why: z.string().exactOptional(),
  program: programState,
});

const port = z.int().describe('A port.');

/** GET /v1/state */
export const hostState = answer({
  version: z.string(),
  host: z.string().describe('The name of this host.'),
  state: z
    .enum(['serving', 'draining'])
    .describe('draining: it takes no new viewers, and ends when the last one has gone.'),
  pid: z.int(),
  startedAt: time('When it was started'),
  now: time('Its clock'),
  listeners: answer({
    rtmp: port,
    rtmps: port.exactOptional(),
    http: port,
    control: port,
    metrics: port.exactOptional(),
  }).describe('Ports; rtmps and metrics where the configuration has them.'),
  programs: list(programState),
  inputs: list(inputState),
  relays: list(relayState),
  memory: answer({ residentBytes: z.int(), heapBytes: z.int(), bufferBytes: z.int() }),
});

const samples = list(z.number().nullable());

/** GET /v1/history: the last minutes of every input. */
export const hostHistory = answer({
  intervalMs: z.int().describe('Between two samples.'),
  end: time('The last sample'),
  inputs: z
    .record(z.string(), answer({ kbps: samples, frameRate: samples }))
    .readonly()
    .describe('By name; null where there was nothing. All of the same length.'),
});

/** GET /v1/programs/NAME/addresses: paths with their queries, for whichever name the host is reached by. */
export const playAddresses = answer({
  rtmp: z.string().describe('Application and stream: live/camera1.'),
  flv: z.string().describe('On the HTTP port: /live/camera1.flv.'),
  hls: z
    .string()
    .nullable()
    .describe('On the HTTP port: /live/camera1/index.m3u8; null where there is no HLS.'),
  expiresAt: time('Until when the signatures in them hold; null where none is asked for').nullable(),
});

/** GET /v1/session */
export const sessionAnswer = answer({
  access: z.enum(['none', 'read', 'full']).describe('What this client may do.'),
});

/** GET /v1/health */
export const healthAnswer = answer({ status: z.enum(['serving', 'draining']) });

/** Any answer of 400 and above. */
export const errorAnswer = answer({
  error: z.string(),
  field: z.string().exactOptional().describe('What was wrong in the request.'),
});

/** GET /v1/events, as server-sent events with the type as `event`, and ids to resume from. */
export const hostEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('switch'), ...switchEvent.unwrap().shape }).readonly(),
  answer({
    type: z.literal('health'),
    at: time('When'),
    input: z.string(),
    health,
    previous: health,
    detail: z.string(),
  }),
  answer({ type: z.literal('preflight'), at: time('When'), program: z.string(), warnings: list(z.string()) }),
  answer({
    type: z.literal('drill'),
    at: time('When'),
    program: z.string(),
    phase: z.enum(['began', 'ended']),
  }),
]);

export type CommandAnswer = z.output<typeof commandAnswer>;
export type ErrorAnswer = z.output<typeof errorAnswer>;
export type HealthAnswer = z.output<typeof healthAnswer>;
export type HostEvent = z.output<typeof hostEvent>;
export type HostHistory = z.output<typeof hostHistory>;
export type HostState = z.output<typeof hostState>;
export type InputState = z.output<typeof inputState>;
export type PlayAddresses = z.output<typeof playAddresses>;
export type ProgramState = z.output<typeof programState>;
export type RelayState = z.output<typeof relayState>;
export type SessionAnswer = z.output<typeof sessionAnswer>;
export type SwitchEvent = z.output<typeof switchEvent>;
