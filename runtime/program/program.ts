import type { Input } from '../input/input.ts';
import { type InputPacket, programTime } from '../input/input-packet.ts';
import { beginning, type Gop } from '../input/warm-buffer.ts';
import type { Cancel } from '../media/clock.ts';
import type { Contender } from './contention.ts';
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
//   any -[nobody plays it, and what it shows comes from other hosts]▶ resting -[a viewer]▶ waking ▶ on air

// While a cut is pending, old and new are put in the order of program time, and not of arrival: that is the same on every
// host. So a packet of the old source waits until the new one has been heard up to its time.

/** An old source that is late by more than this does not hold up the new one. */
const CUT_WAIT_MS = 1_000;
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

interface PendingCut {
  readonly to: Input;
  readonly cause: SwitchCause;
  /** K is the first keyframe at or after this program time. */
  readonly from: number;
  /** M(K) and the GOP that K begins, once K has come. */
  at: number | null;
  gop: Gop | undefined;
  deadline: number;
  readonly reached: Set<string>;
  /** Up to where K is known not to lie: the last picture of the new source; what it has for sound where it has no pictures. */
  heardUpTo: number;
  /** The old source's packets that K may lie in front of, in order of arrival. */
  readonly held: HeldPacket[];
}

interface HeldPacket {
  readonly p: InputPacket;
  readonly since: number;
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
    if (cause === null) return;
    const to = this.candidates.find(({ name }) => name === selection.candidate);
    if (to === undefined) {
      this.goOffAir(cause);
    } else if (isBetweenLiveSources(cause) && this.onAir?.health === 'live') {
      if (this.cut === null) this.beginCut(to, cause, cutFrom ?? Number.NEGATIVE_INFINITY);
      else if (this.cut.at === null && isOverdue(this.cut, now)) this.waitNoMore(this.cut);
      else if (this.cut.at !== null && now >= this.cut.deadline) this.enter(to, cause, undefined);
    } else {
      this.enter(to, cause, undefined);
    }
  }

  /** While it wakes, nothing worse than a candidate of which nothing has been heard yet. */
  private eligible(now: number): readonly Input[] {
    if (this.onAir !== null || now >= this.wakesUntil) return this.candidates;
    const unheard = this.candidates.findIndex(({ isAwaited }) => isAwaited);
    return unheard === -1 ? this.candidates : this.candidates.slice(0, unheard);
  }

  private newSplicer(): Splicer {
    return new Splicer((packet) => this.send(packet));
  }

  private receive(input: Input, p: InputPacket, now: number): void {
    this.now = now;
    const { cut } = this;
    if (input === this.onAir) {
      if (!this.pins.isMuted(input.name)) {
        if (cut !== null && this.mustWait(cut, p)) cut.held.push({ p, since: now });
        else if (!this.isBehindCut(p)) this.splicer.packet(p);
      }
      if (cut !== null) this.completeCut(cut);
    } else if (cut !== null && cut.to === input && cut.at === null) {
      // The buffer has the packet already: where it begins a group there, decoding can start at it.
      const gop = input.buffer.gops.at(-1);
      if (gop?.packets[0] === p && programTime(p) >= cut.from) {
        this.cutAt(cut, gop);
      } else if (p.packet.track === leadingTrack(input) && p.packet.config === null) {
        cut.heardUpTo = Math.max(cut.heardUpTo, programTime(p));
        this.releaseHeld(cut, cut.heardUpTo);
      }
    }
  }

  private beginCut(to: Input, cause: SwitchCause, from: number): void {
    this.cut = {
      to,
      cause,
      from,
      at: null,
      gop: undefined,
      deadline: Number.POSITIVE_INFINITY,
      reached: new Set(),
      heardUpTo: lastHeard(to),
      held: [],
    };
    // K may have come already, where this host decides late, or hears the old source late.
    const ahead = Math.max(from, this.splicer.reached + 1);
    const gop = to.buffer.gops.find((one) => beginning(one) >= ahead);
    if (gop !== undefined) this.cutAt(this.cut, gop);
  }

  private cutAt(cut: PendingCut, gop: Gop): void {
    cut.gop = gop;
    cut.at = beginning(gop);
    cut.deadline = this.now + CUT_WAIT_MS;
    this.releaseHeld(cut);
    this.completeCut(cut);
  }

  private mustWait(cut: PendingCut, p: InputPacket): boolean {
    if (cut.at !== null) return false;
    // What came behind a packet that waits does not overtake it.
    return cut.held.length > 0 || programTime(p) > Math.max(cut.heardUpTo, cut.from);
  }

  /** Lets go on what waits, up to a program time or altogether; from the cut on it is the new source's to send. */
  private releaseHeld(cut: PendingCut, upTo = Number.POSITIVE_INFINITY): void {
    let count = 0;
    for (const { p } of cut.held) {
      if (programTime(p) > upTo) break;
      count += 1;
      if (!this.isBehindCut(p)) this.splicer.packet(p);
    }
    cut.held.splice(0, count);
  }

  /** The new source is so late that viewers would notice: for the rest of this cut the old one is not held up. */
  private waitNoMore(cut: PendingCut): void {
    cut.heardUpTo = Number.POSITIVE_INFINITY;
    this.releaseHeld(cut);
  }

  /** The cut is not made: what waited for it goes on. */
  private dropCut(): void {
    const { cut } = this;
    if (cut === null) return;
    this.cut = null;
    this.releaseHeld(cut);
  }

  /** The old source's packets from M(K) on are the new source's to send. */
  private isBehindCut(p: InputPacket): boolean {
    if (this.cut === null || this.cut.at === null || p.packet.config !== null) return false;
    if (programTime(p) < this.cut.at) return false;
    this.cut.reached.add(p.packet.track);
    return true;
  }

  private completeCut(cut: PendingCut): void {
    const { at } = cut;
    if (at === null) return;
    const isReached = (track: 'video' | 'audio'): boolean => {
      const last = this.splicer.reachedOn(track);
      return cut.reached.has(track) || last >= at || this.now - this.trackAt[track] > SILENT_TRACK_MS;
    };
    if (isReached('video') && isReached('audio')) this.enter(cut.to, cut.cause, cut.gop);
  }

  private goOffAir(cause: SwitchCause): void {
    this.finishRecord(true);
    this.dropCut();
    this.openRecord = this.newRecord(null, cause, 'warm');
    this.onAir = null;
    this.onAirSince = this.now;
    this.finishRecord(true);
  }

  private enter(to: Input, cause: SwitchCause, entry: Gop | undefined): void {
    this.finishRecord(true);
    this.dropCut();
    const before = this.lastFrameAt;
    const opened = this.newRecord(to, cause, entry === undefined ? 'warm' : 'clean');
    this.onAir = to;
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

/** The track that groups of packets begin with: pictures, where there are any. */
function leadingTrack({ headers }: Input): 'video' | 'audio' {
  return headers.video === null ? 'audio' : 'video';
}

function isOverdue({ held }: PendingCut, now: number): boolean {
  return held[0] !== undefined && now - held[0].since >= CUT_WAIT_MS;
}

function lastHeard(input: Input): number {
  const track = leadingTrack(input);
  const last = input.buffer.gops
    .at(-1)
    ?.packets.findLast(({ packet }) => packet.track === track && packet.config === null);
  return last === undefined ? Number.NEGATIVE_INFINITY : programTime(last);
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
