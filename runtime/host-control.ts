import type * as z from 'zod';
import type {
  CommandAnswer,
  drillRequest,
  HostHistory,
  HostState,
  InputState,
  PlayAddresses,
  ProgramState,
  releaseRequest,
  SwitchEvent,
  switchRequest,
} from './contract/control-api.ts';
import { VERSION } from './contract/version.ts';
import type { ControlledHost } from './control/control-routes.ts';
import type { EventLog } from './control/event-log.ts';
import { InputHistory } from './control/input-history.ts';
import type { Input } from './input/input.ts';
import { NO_HEADERS } from './input/input-packet.ts';
import { findClockTrouble, findMismatches } from './input/preflight.ts';
import type { Clock } from './media/clock.ts';
import type { Delivery } from './output/program-feed.ts';
import type { PlaySignature } from './play-gate.ts';
import type { Director } from './program/director.ts';
import { type CommandOutcome, expired } from './program/pins.ts';
import type { Program } from './program/program.ts';

export interface HostControlOptions {
  readonly host: string;
  readonly clock: Clock;
  readonly ports: HostState['listeners'];
  readonly inputs: readonly Input[];
  readonly programs: readonly Program[];
  readonly deliveryOf: (program: string) => Delivery;
  readonly director: Director;
  readonly events: EventLog;
  readonly state: () => HostState['state'];
  readonly relays: () => HostState['relays'];
  readonly exposition: ControlledHost['exposition'];
  readonly hasHls: boolean;
  readonly signPlay: (program: string) => PlaySignature;
}

/** A host as the control API sees it: what it shows, and what it does when told. */
export class HostControl implements ControlledHost {
  readonly events: EventLog;
  readonly exposition: ControlledHost['exposition'];
  private readonly inputHistory = new InputHistory();
  private readonly options: HostControlOptions;
  private readonly startedAt: number;
  private readonly warnings = new Map<string, readonly string[]>();

  constructor(options: HostControlOptions) {
    this.options = options;
    this.events = options.events;
    this.exposition = options.exposition;
    this.startedAt = options.clock.now();
  }

  state(): HostState {
    const { host, clock, ports, programs, inputs, relays, state } = this.options;
    const memory = process.memoryUsage();
    return {
      version: VERSION,
      host,
      state: state(),
      pid: process.pid,
      startedAt: Math.round(this.startedAt),
      now: Math.round(clock.now()),
      listeners: { ...ports },
      programs: programs.map((program) => this.describeProgram(program)),
      inputs: inputs.map((input) => describeInput(input, clock.now())),
      relays: relays(),
      memory: {
        residentBytes: memory.rss,
        heapBytes: memory.heapUsed,
        bufferBytes: memory.arrayBuffers,
      },
    };
  }

  programState(name: string): ProgramState | null {
    const program = this.find(name);
    return program === undefined ? null : this.describeProgram(program);
  }

  switches(name: string | null): SwitchEvent[] {
    return this.options.programs
      .filter((program) => name === null || program.name === name)
      .flatMap(({ records }) => records)
      .toSorted((a, b) => a.decidedAt - b.decidedAt);
  }

  history(): HostHistory {
    return this.inputHistory.answer();
  }

  /** Takes a sample of every input: to be called once in HISTORY_INTERVAL_MS. */
  sample(): void {
    const now = this.options.clock.now();
    const samples = this.options.inputs.map((input) => {
      const rates = input.health === 'absent' ? null : input.rates(now);
      const kbps = rates === null ? null : (rates.videoKbps ?? 0) + (rates.audioKbps ?? 0);
      return [input.name, { kbps, frameRate: rates?.frameRate ?? null }] as const;
    });
    this.inputHistory.add(new Map(samples), now);
  }

  addresses(name: string, isSigned: boolean): PlayAddresses | null {
    if (this.find(name) === undefined) return null;
    const signed = isSigned ? this.options.signPlay(name) : null;
    const query = signed === null || signed.query === '' ? '' : `?${signed.query}`;
    return {
      rtmp: `live/${name}${query}`,
      flv: `/live/${name}.flv${query}`,
      hls: this.options.hasHls ? `/live/${name}/index.m3u8${query}` : null,
      expiresAt: signed?.expiresAt ?? null,
    };
  }

  pin(name: string, command: z.output<typeof switchRequest>): CommandAnswer | null {
    return this.command(name, command, (program, now) => {
      const { source, ...rest } = command;
      if (!program.candidates.some((candidate) => candidate.name === source)) {
        const names = program.candidates.map((candidate) => candidate.name).join(', ');
        return { outcome: 'refused', why: `${source} is no candidate of ${name}; it has ${names}` };
      }
      return program.pins.setPin({ ...rest, candidate: source }, program.onAir?.name ?? null, now);
    });
  }

  release(name: string, command: z.output<typeof releaseRequest>): CommandAnswer | null {
    return this.command(name, command, (program, now) => program.pins.release(command, now));
  }

  drill(name: string, command: z.output<typeof drillRequest>): CommandAnswer | null {
    return this.command(name, command, (program, now) => {
      const onAir = program.onAir;
      if (onAir === null || onAir.kind === 'slate' || program.isWaiting) {
        return { outcome: 'refused', why: `${name} is not on air: there is nothing to lose` };
      }
      const standIn = program.candidates.find(
        ({ name: other, kind, health }) => other !== onAir.name && kind !== 'slate' && health === 'live',
      );
      if (standIn === undefined) {
        return {
          outcome: 'refused',
          why: `no other candidate of ${name} is live: viewers would get the slate`,
        };
      }
      return program.pins.startDrill(command, onAir.name, now);
    });
  }

  /** Compares masters and backups. Returns the programs whose warnings have changed. */
  preflight(): Array<{ program: string; warnings: readonly string[] }> {
    const now = this.options.clock.now();
    const changed: Array<{ program: string; warnings: readonly string[] }> = [];
    for (const program of this.options.programs) {
      const warnings = preflightOf(program, now);
      const before = this.warningsOf(program.name);
      if (kindsOf(warnings) === kindsOf(before)) continue;
      this.warnings.set(program.name, warnings);
      this.events.add({ type: 'preflight', at: now, program: program.name, warnings });
      changed.push({ program: program.name, warnings });
    }
    return changed;
  }

  /** What the preflight found last, in plain words. */
  warningsOf(program: string): readonly string[] {
    return this.warnings.get(program) ?? [];
  }

  private command(
    name: string,
    { notAfter }: { readonly notAfter?: number },
    run: (program: Program, now: number) => CommandOutcome,
  ): CommandAnswer | null {
    const program = this.find(name);
    if (program === undefined) return null;
    const now = this.options.clock.now();
    const isLate = notAfter !== undefined && now > notAfter;
    const outcome = isLate ? expired(now - notAfter) : run(program, now);
    if (outcome.outcome === 'done') this.options.director.decide();
    return { ...outcome, program: this.describeProgram(program) };
  }

  private find(name: string): Program | undefined {
    return this.options.programs.find((program) => program.name === name);
  }

  private describeProgram(program: Program): ProgramState {
    const { pin, drill } = program.pins;
    return {
      name: program.name,
      isResting: program.isResting,
      onAir: program.onAir?.name ?? null,
      onAirSince: program.onAir === null ? null : Math.round(program.onAirSince),
      pending: program.pendingSource,
      candidates: program.candidates.map(({ name, health }) => ({ name, health })),
      pin: pin && {
        source: pin.candidate,
        by: pin.by,
        reason: pin.reason,
        automatic: pin.automatic,
        expiresAt: pin.expiresAt,
      },
      drill: drill && {
        source: drill.candidate,
        by: drill.by,
        endsAt: Math.round(drill.startedAt + drill.durationMs),
      },
      viewers: program.viewers,
      viewerSkips: this.options.deliveryOf(program.name).skips,
      switches: program.switchCount,
      lastSwitch: program.records.at(-1) ?? null,
      warnings: this.warningsOf(program.name),
    };
  }
}

function preflightOf(program: Program, now: number): string[] {
  const profiles = program.candidates
    .filter(({ kind, health }) => kind !== 'slate' && health === 'live')
    .map((input) => ({ name: input.name, headers: input.headers, rates: input.rates(now) }));
  const late = program.candidates.flatMap((input) => findClockTrouble(input.name, input.latenessMs) ?? []);
  const [master, ...others] = profiles;
  if (master === undefined) return late;
  return [...others.flatMap((other) => findMismatches(master, other).map(({ text }) => text)), ...late];
}

/** Warnings without their measured figures, which change all the time. */
function kindsOf(warnings: readonly string[]): string {
  return warnings.map((warning) => warning.replace(/\d+(\.\d+)?/g, '#')).join('\n');
}

function describeInput(input: Input, now: number): InputState {
  const { video, audio, extras } = input.health === 'absent' ? NO_HEADERS : input.headers;
  const rates = input.rates(now);
  return {
    name: input.name,
    kind: input.kind,
    isRemote: input.isRemote,
    health: input.health,
    detail: input.healthDetail,
    since: Number.isFinite(input.healthSince) ? Math.round(input.healthSince) : null,
    publisher: input.publisher?.address ?? null,
    video: video && {
      codec: video.codec,
      profile: video.profile,
      width: video.width,
      height: video.height,
      kbps: rates?.videoKbps ?? null,
      frameRate: rates?.frameRate ?? null,
      gopMs: rates?.gopMs ?? null,
    },
    audio: audio && {
      codec: audio.codec,
      profile: audio.profile,
      sampleRate: audio.sampleRate,
      channels: audio.channels,
      kbps: rates?.audioKbps ?? null,
    },
    extraTracks: extras.flatMap(({ extra }) =>
      extra !== undefined && extra.trackId > 0
        ? [`${extra.medium} ${extra.trackId} ${extra.config?.codec}`]
        : [],
    ),
    latenessMs: input.latenessMs,
    warmBytes: input.buffer.heldBytes,
  };
}
