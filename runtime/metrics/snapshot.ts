/** What a host looks like at the end of a second. Pure data: what is sent and shown is worked out from nothing else. */
export interface Snapshot {
  /** The second that it closes, by its beginning: whole seconds, in ms since the epoch. */
  readonly second: number;
  readonly deployment: string;
  readonly host: string;
  readonly version: string;
  /** Those that encoders publish to this host, without the slate. */
  readonly inputs: readonly InputFigures[];
  /** Those that this host serves. */
  readonly programs: readonly ProgramFigures[];
  /** The connections to other hosts that this host keeps up. */
  readonly relays: readonly RelayFigures[];
  /** The limits that RTMP connections have met, and how often since the host started. */
  readonly limits: ReadonlyArray<{ readonly limit: string; readonly total: number }>;
  /** The worst delay of this second. */
  readonly eventLoopDelayMs: number;
  readonly process: ProcessFigures;
}

export interface InputFigures {
  /** `master/camera1` */
  readonly name: string;
  /** Live or degraded. */
  readonly canBeShown: boolean;
  readonly isPublished: boolean;
  /** Null before one whole second has been measured, and without a publisher. */
  readonly rates: {
    readonly videoKbps: number;
    readonly audioKbps: number;
    readonly frameRate: number;
  } | null;
  /** Payload of all its publishers, since the host started. */
  readonly receivedBytes: number;
}

export interface ProgramFigures {
  /** `camera1` of `live/camera1` */
  readonly name: string;
  /** Nobody plays it here and nothing feeds it: this host has nothing to say about it. */
  readonly isIdle?: boolean;
  /** Best first. */
  readonly candidates: readonly string[];
  readonly onAir: string | null;
  readonly viewers: number;
  /** Since the host started. */
  readonly viewerSkips: number;
  readonly sentBytes: number;
  /** Since the host started, those of which the measuring is over. */
  readonly switches: number;
  /** The holes of those switches that were measured in this second, in ms; off-air "switches" have none. */
  readonly switchHolesMs: readonly number[];
  /** What the preflight warns of, by now. */
  readonly mismatches: number;
}

export interface RelayFigures {
  readonly kind: 'push' | 'pull';
  readonly input: string;
  /** The other host. */
  readonly peer: string;
  readonly isOpen: boolean;
}

/** Of the whole process, as Node tells it. */
export interface ProcessFigures {
  readonly startedAt: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly bufferBytes: number;
}

const SLATE = 'slate';

/** Off the air is who shows the slate, or nothing; on a backup is who shows anything else but its first candidate. */
export function standingOf({
  onAir,
  candidates,
}: Pick<ProgramFigures, 'onAir' | 'candidates'>): 'first' | 'backup' | 'off air' {
  if (onAir === null || onAir === SLATE) return 'off air';
  return onAir === candidates[0] ? 'first' : 'backup';
}
