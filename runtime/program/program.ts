import { canShow } from '../input/health.ts';
import type { Input } from '../input/input.ts';
import type { InputPacket } from '../input/input-packet.ts';
import type { Gop } from '../input/warm-buffer.ts';
import type { Cancel } from '../media/clock.ts';
import type { Contender } from './contention.ts';
import { PendingCut } from './pending-cut.ts';
import { Pins } from './pins.ts';
import type { ProgramPacket } from './program-packet.ts';
import type { Candidate, Selection, SelectorPolicy, SwitchCause } from './selector.ts';
import { Splicer } from './splicer.ts';
import type { SwitchRecord } from './switch-record.ts';

// How a program changes its source:
//
//   on air -[old source lost or degraded]▶ enters the new one's past (warm) ▶ on air
//   on air -[both alive]▶ cut pending: waits for the new one's keyframe K, then for the old one to reach M(K) ▶ on air
//   cut pending -[old source lost, or K + CUT_WAIT_MS]▶ warm;  -[selector thinks better of it]▶ on air
//   on air -[lost, and the policy is to wait]▶ waiting: puts nothing out -[fit again]▶ enters its own past (warm) ▶ on air
//   any -[nobody plays it, and what it shows comes from other hosts]▶ resting -[a viewer]▶ waking ▶ on air

/** A track that has been silent for so long is not waited for at a cut. */
const SILENT_TRACK_MS = 1_000;
/** A record waits so long for both tracks of the new source. */
const RECORD_WAIT_MS = 2_000;
/** A program that wakes waits so long to hear of a better candidate before it takes a worse one. */
const WAKE_WAIT_MS = 2_000;
/** Switches kept in memory, a program. */
const MAX_RECORDS = 100;

/** Takes what a program puts out. */
export interface ProgramListener {
  readonly viewers: number;
  packet(packet: ProgramPacket): void;
}

export interface ProgramOptions {
  /** `camera1` of `live/camera1`. */
  readonly name: string;
  /** In order of preference. */
  readonly candidates: readonly Input[];
  readonly policy: SelectorPolicy;
  readonly stallTimeoutMs: number;
  /** A switch has been made and measured. */
  readonly onSwitch: (record: SwitchRecord) => void;
  readonly onDrill?: (program: string, phase: 'began' | 'ended') => void;
}

interface OpenRecord {
  readonly record: SwitchRecord;
  readonly until: number;
}

/** A virtual stream: viewers stay on it while the input that feeds it changes. */
export class Program {
  readonly name: string;
  readonly candidates: readonly Input[];
  readonly pins: Pins;
  onAir: Input | null = null;
  onAirSince = 0;
  private readonly options: ProgramOptions;
  /** Whether it shows nothing because nobody plays it. */
  isResting = false;
  /** Whether it shows nothing because what is on air is lost, and is waited for (`failover.onLoss`). */
  isWaiting = false;
  private wakesUntil = Number.NEGATIVE_INFINITY;
  private splicer: Splicer;
  private readonly listeners = new Set<ProgramListener>();
  private readonly switchRecords: SwitchRecord[] = [];
  private openRecord: OpenRecord | null = null;
  private cut: PendingCut | null = null;
  private lastFrameAt: number | null = null;
  /** When a frame of each track last went out. */
  private readonly trackAt = { video: Number.NEGATIVE_INFINITY, audio: Number.NEGATIVE_INFINITY };
  private now = 0;
  private switches = 0;

  constructor(options: ProgramOptions) {
    this.options = options;
    this.name = options.name;
    this.candidates = options.candidates;
    this.pins = new Pins(options.name, options.stallTimeoutMs, (phase) =>
      options.onDrill?.(options.name, phase),
    );
    this.splicer = this.newSplicer();
    for (const input of options.candidates) {
      input.subscribe({
        packet: (p, now) => this.receive(input, p, now),
        metadata: (metadata) => {
          if (input === this.onAir) this.splicer.putMetadata(metadata);
        },
      });
    }
  }

  get records(): readonly SwitchRecord[] {
    return this.switchRecords;
  }

  get switchCount(): number {
    return this.switches;
  }

  get viewers(): number {
    let viewers = 0;
    for (const listener of this.listeners) viewers += listener.viewers;
    return viewers;
  }

  /** Where a switch that was decided is waiting to be made; null where none is. */
  get pendingSource(): string | null {
    return this.cut?.to.name ?? null;
  }

  subscribe(listener: ProgramListener): Cancel {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Nobody plays it, and its inputs are no longer brought here. It keeps no past: the next viewer begins anew. */
  rest(now: number): void {
    this.now = now;
    this.finishRecord(true);
    this.isResting = true;
    this.isWaiting = false;
    this.onAir = null;
    this.cut = null;
    this.lastFrameAt = null;
    this.splicer = this.newSplicer();
  }

  /** Somebody wants to play it: its inputs are on their way. */
  wake(now: number): void {
    this.isResting = false;
    this.wakesUntil = now + WAKE_WAIT_MS;
  }

  /** What the selector must know, as of `now`. */
  contender(now: number): Contender {
    this.pins.forgetReturnUnless((name) =>
      this.candidates.some((one) => one.name === name && one.health === 'live'),
    );
    const withheld = this.pins.withheldAt(now);
    return {
      name: this.name,
      candidates: this.eligible(now).map(
        ({ name, kind, health, healthSince, arrivedAt, recentLosses }): Candidate => ({
          name,
          kind,
          health,
          since: healthSince,
          arrivedAt,
          losses: recentLosses,
          withheld: name === withheld ? 'drill' : null,
        }),
      ),
      state: { onAir: this.onAir?.name ?? null, pin: this.pins.pin, returnTo: this.pins.returnTo },
      policy: this.options.policy,
      onAirSince: this.onAirSince,
    };
  }

  /** Does what the selector decided. */
  apply(selection: Selection, now: number): void {
    this.now = now;
    this.finishRecord(false);
    const { cause, cutFrom } = selection;
    if (this.cut !== null && selection.candidate !== this.cut.to.name) this.dropCut();
    if (cause === null) {
      this.stay();
      return;
    }
    const to = this.candidates.find(({ name }) => name === selection.candidate);
    if (to === undefined) {
      this.goOffAir(cause);
    } else if (isBetweenLiveSources(cause) && this.onAir?.health === 'live') {
      this.waitForCut(to, cause, cutFrom);
    } else {
      this.enter(to, cause, undefined);
    }
  }

  /** While it wakes, nothing worse than a candidate of which nothing has been heard yet. */
  private eligible(now: number): readonly Input[] {
    if (this.onAir !== null || now >= this.wakesUntil) return this.candidates;
    const unheard = this.candidates.findIndex(({ isAwaited }) => isAwaited);
    if (unheard === -1) return this.candidates;
    const pinned = this.pins.pin?.candidate;
    return this.candidates.filter(({ name }, place) => place < unheard || name === pinned);
  }

  /** On air stays what is: also while it is lost, and then from where it comes back, with all that a decoder needs. */
  private stay(): void {
    const { onAir } = this;
    const wasWaiting = this.isWaiting;
    this.isWaiting = onAir !== null && !canShow(onAir.health);
    if (onAir === null || !wasWaiting || this.isWaiting) return;
    this.finishRecord(true);
    this.splicer.enter(onAir);
  }

  private newSplicer(): Splicer {
    return new Splicer((packet) => this.send(packet));
  }

  private receive(input: Input, p: InputPacket, now: number): void {
    this.now = now;
    const { cut } = this;
    if (input === this.onAir) {
      // A drill plays it dead, or it has come back and is not fit to be shown yet.
      if (!this.pins.isMuted(input.name) && !this.isWaiting) {
        if (cut === null) this.splicer.packet(p);
        else cut.takeOld(p, now);
      }
    } else if (cut?.to === input) {
      cut.takeNew(p, now);
    }
    this.completeCut();
  }

  /** Begins to wait for the place of a cut, or looks how long it has waited. */
  private waitForCut(to: Input, cause: SwitchCause, cutFrom: number | undefined): void {
    const { now } = this;
    if (this.cut === null) {
      const from = cutFrom ?? Number.NEGATIVE_INFINITY;
      const { reached } = this.splicer;
      const pass = (p: InputPacket): void => this.splicer.packet(p);
      this.cut = new PendingCut({ to, cause, from, reached, now, pass });
      this.completeCut();
    } else if (this.cut.isOverdue(now)) {
      this.enter(to, cause, undefined);
    } else {
      this.cut.tick(now);
    }
  }

  /** The cut is not made: what waited for it goes on. */
  private dropCut(): void {
    const { cut } = this;
    this.cut = null;
    cut?.drop();
  }

  private completeCut(): void {
    const { cut } = this;
    if (cut === null || cut.gop === null) return;
    const isReached = (track: 'video' | 'audio'): boolean =>
      cut.isReachedOn(track, this.splicer.reachedOn(track)) ||
      this.now - this.trackAt[track] > SILENT_TRACK_MS;
    if (isReached('video') && isReached('audio')) this.enter(cut.to, cut.cause, cut.gop);
  }

  private goOffAir(cause: SwitchCause): void {
    this.finishRecord(true);
    this.dropCut();
    this.openRecord = this.newRecord(null, cause, 'warm');
    this.onAir = null;
    this.isWaiting = false;
    this.onAirSince = this.now;
    this.finishRecord(true);
  }

  private enter(to: Input, cause: SwitchCause, entry: Gop | undefined): void {
    this.finishRecord(true);
    this.dropCut();
    const before = this.lastFrameAt;
    const opened = this.newRecord(to, cause, entry === undefined ? 'warm' : 'clean');
    this.onAir = to;
    this.isWaiting = false;
    this.onAirSince = this.now;
    this.pins.switched(to.name);
    this.lastFrameAt = null;
    this.splicer.enter(to, entry);
    const firstFrameAt = this.lastFrameAt;
    const gapMs = before === null || firstFrameAt === null ? null : Math.round(firstFrameAt - before);
    this.openRecord = { ...opened, record: { ...opened.record, firstFrameAt, gapMs } };
    this.lastFrameAt ??= before;
    this.finishRecord(false);
  }

  private newRecord(to: Input | null, cause: SwitchCause, kind: SwitchRecord['kind']): OpenRecord {
    const old = this.onAir;
    this.switches += 1;
    const asked = this.pins.askedBy(cause);
    return {
      until: this.now + RECORD_WAIT_MS,
      record: {
        id: this.switches,
        program: this.name,
        cause,
        detail: asked?.reason ?? troubleOf(old, cause),
        by: asked?.by ?? null,
        from: old?.name ?? null,
        to: to?.name ?? null,
        kind,
        candidates: this.candidates.map(({ name, health }) => ({ name, health })),
        lastPacketAt: old?.lastPacketAt ?? null,
        detectedAt: isTrouble(cause) ? (old?.healthSince ?? this.now) : this.now,
        decidedAt: this.now,
        firstFrameAt: null,
        gapMs: null,
        holeMs: { video: null, audio: null },
        squeezedFrames: 0,
        viewers: this.viewers,
      },
    };
  }

  /** Hands a switch's record over once both tracks have gone on, or time is up, or (`atOnce`) another switch comes. */
  private finishRecord(atOnce: boolean): void {
    const open = this.openRecord;
    if (open === null) return;
    const { videoHoleMs, audioHoleMs, squeezedFrames } = this.splicer.measure;
    const isMeasured = videoHoleMs !== null && audioHoleMs !== null;
    if (!isMeasured && !atOnce && this.now < open.until) return;
    this.openRecord = null;
    const record =
      open.record.to === null
        ? open.record
        : { ...open.record, holeMs: { video: videoHoleMs, audio: audioHoleMs }, squeezedFrames };
    this.switchRecords.push(record);
    if (this.switchRecords.length > MAX_RECORDS) this.switchRecords.shift();
    this.options.onSwitch(record);
  }

  private send(packet: ProgramPacket): void {
    if (packet.kind === 'frame') {
      this.lastFrameAt = this.now;
      this.trackAt[packet.track] = this.now;
    }
    for (const listener of this.listeners) listener.packet(packet);
  }
}

function isTrouble(cause: SwitchCause): boolean {
  return cause === 'lost' || cause === 'degraded' || cause === 'nothing-left';
}

/** What is wrong with the source that is left, in words. */
function troubleOf(old: Input | null, cause: SwitchCause): string {
  return old === null || !isTrouble(cause) ? '' : `${old.name} ${old.health} ${old.healthDetail}`.trim();
}

/** Causes for which nothing is wrong with the old source, if it is live. */
function isBetweenLiveSources(cause: SwitchCause): boolean {
  return cause === 'failback' || cause === 'pinned' || cause === 'return' || cause === 'contention';
}
