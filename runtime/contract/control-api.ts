/** The control API of a host, version 1: what its routes take and answer. Served on the loopback address. */
import { z } from 'zod';

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

export type SwitchRequest = z.input<typeof switchRequest>;
export type ReleaseRequest = z.input<typeof releaseRequest>;
export type DrillRequest = z.input<typeof drillRequest>;

/** What became of a command. Only `done` changed anything; the others say why. */
export interface CommandAnswer {
  /** `yielded`: an automatic command met a pin by a person, or a drill. */
  readonly outcome: 'done' | 'repeated' | 'overtaken' | 'expired' | 'yielded' | 'refused';
  readonly why?: string;
  readonly program: ProgramState;
}

export interface InputState {
  readonly name: string;
  readonly kind: 'master' | 'backup' | 'slate';
  readonly health: 'absent' | 'starting' | 'live' | 'stalled' | 'degraded';
  readonly detail: string;
  /** Encoders publish it to another host. */
  readonly isRemote: boolean;
  /** ms since the epoch; null from the start of the host. */
  readonly since: number | null;
  readonly publisher: string | null;
  readonly video: {
    codec: string;
    profile: string;
    width: number;
    height: number;
    kbps: number | null;
    frameRate: number | null;
    gopMs: number | null;
  } | null;
  readonly audio: {
    codec: string;
    profile: string;
    sampleRate: number;
    channels: number;
    kbps: number | null;
  } | null;
  /** What it sends beside them: `audio 1 opus`, by kind, track id and codec. */
  readonly extraTracks: readonly string[];
  /** How late its packets come from its own host, at least, in ms; null where encoders publish it here. */
  readonly latenessMs: number | null;
  /** Bytes of its recent past that are held. */
  readonly warmBytes: number;
}

/** A connection between this host and another one, for one input. */
export interface RelayState {
  /** `push` and `pull` are kept up by this host; `pulled` was opened by another host, which takes the input from here. */
  readonly kind: 'push' | 'pull' | 'pulled';
  readonly input: string;
  /** The other host's name; for `pulled`, its address. */
  readonly host: string;
  readonly state: 'connecting' | 'open' | 'lost';
  /** ms since the epoch. */
  readonly since: number;
  /** Why it is lost. */
  readonly detail: string;
  /** On this connection; null for a pull, and before there was one. */
  readonly sentBytes: number | null;
  /** How often the other end was so far behind that it skipped to a keyframe. */
  readonly skips: number | null;
}

export interface ProgramState {
  readonly name: string;
  /** Nobody plays it, so its inputs are not brought here from other hosts. */
  readonly isResting: boolean;
  readonly onAir: string | null;
  readonly onAirSince: number | null;
  /** Where a clean cut that was decided waits for a keyframe. */
  readonly pending: string | null;
  readonly candidates: ReadonlyArray<{ readonly name: string; readonly health: InputState['health'] }>;
  readonly pin: {
    readonly source: string;
    readonly by: string;
    readonly reason: string;
    /** By the control function, not by a person. */
    readonly automatic: boolean;
    readonly expiresAt: number;
  } | null;
  readonly drill: { readonly source: string; readonly by: string; readonly endsAt: number } | null;
  readonly viewers: number;
  readonly viewerSkips: number;
  readonly switches: number;
  readonly lastSwitch: SwitchEvent | null;
  /** What the preflight found, in plain words. */
  readonly warnings: readonly string[];
}

/** GET /v1/state */
export interface HostState {
  readonly version: string;
  /** The name of this host. */
  readonly host: string;
  /** `draining`: it takes no new viewers, and ends when the last one has gone. */
  readonly state: 'serving' | 'draining';
  readonly pid: number;
  readonly startedAt: number;
  readonly now: number;
  /** Ports. `rtmps` and `metrics` are there where the configuration has them. */
  readonly listeners: {
    readonly rtmp: number;
    readonly rtmps?: number;
    readonly http: number;
    readonly control: number;
    readonly metrics?: number;
  };
  readonly programs: readonly ProgramState[];
  readonly inputs: readonly InputState[];
  readonly relays: readonly RelayState[];
  readonly memory: {
    readonly residentBytes: number;
    readonly heapBytes: number;
    readonly bufferBytes: number;
  };
}

/** A switch, as in GET /v1/switches and in the events. Times in ms since the epoch. */
export interface SwitchEvent {
  readonly id: number;
  readonly program: string;
  readonly cause: string;
  readonly detail: string;
  readonly by: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly kind: 'warm' | 'clean';
  readonly candidates: ReadonlyArray<{ readonly name: string; readonly health: string }>;
  readonly lastPacketAt: number | null;
  readonly detectedAt: number;
  readonly decidedAt: number;
  readonly firstFrameAt: number | null;
  readonly gapMs: number | null;
  readonly holeMs: { readonly video: number | null; readonly audio: number | null };
  readonly squeezedFrames: number;
  readonly viewers: number;
}

/** GET /v1/events, as server-sent events with the type as `event`, and ids to resume from. */
export type HostEvent =
  | ({ readonly type: 'switch' } & SwitchEvent)
  | {
      readonly type: 'health';
      readonly at: number;
      readonly input: string;
      readonly health: InputState['health'];
      readonly previous: InputState['health'];
      readonly detail: string;
    }
  | {
      readonly type: 'preflight';
      readonly at: number;
      readonly program: string;
      readonly warnings: readonly string[];
    }
  | {
      readonly type: 'drill';
      readonly at: number;
      readonly program: string;
      readonly phase: 'began' | 'ended';
    };

/** Any answer of 400 and above. `field` names what was wrong in the request. */
export interface ErrorAnswer {
  readonly error: string;
  readonly field?: string;
}
