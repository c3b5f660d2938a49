import type {
  CommandAnswer,
  HostHistory,
  HostState,
  InputState,
  PlayAddresses,
  ProgramState,
  SwitchEvent,
} from '../../runtime/contract/control-api.ts';
import type { ControlledHost } from '../../runtime/control/control-routes.ts';
import { EventLog } from '../../runtime/control/event-log.ts';
import { EPOCH } from '../support/fake-clock.ts';

export const SWITCH: SwitchEvent = {
  id: 1,
  program: 'camera1',
  cause: 'lost',
  detail: 'master/camera1 absent',
  by: null,
  from: 'master/camera1',
  to: 'backup/spare',
  kind: 'warm',
  candidates: [
    { name: 'master/camera1', health: 'absent' },
    { name: 'backup/spare', health: 'live' },
  ],
  lastPacketAt: EPOCH,
  detectedAt: EPOCH + 2,
  decidedAt: EPOCH + 2,
  firstFrameAt: EPOCH + 3,
  gapMs: 35,
  holeMs: { video: 0, audio: 0 },
  squeezedFrames: 12,
  viewers: 7,
};

export const PROGRAM: ProgramState = {
  name: 'camera1',
  isResting: false,
  onAir: 'backup/spare',
  onAirSince: EPOCH,
  pending: null,
  candidates: SWITCH.candidates as ProgramState['candidates'],
  pin: null,
  drill: null,
  viewers: 7,
  viewerSkips: 1,
  switches: 1,
  lastSwitch: SWITCH,
  warnings: [],
};

export const INPUT: InputState = {
  name: 'backup/spare',
  kind: 'backup',
  health: 'live',
  detail: '',
  isRemote: false,
  since: EPOCH,
  publisher: '192.0.2.1:5',
  video: {
    codec: 'avc',
    profile: 'High 4.0',
    width: 1920,
    height: 1080,
    kbps: 4_000,
    frameRate: 30,
    gopMs: 2_000,
  },
  audio: { codec: 'aac', profile: 'LC', sampleRate: 48_000, channels: 2, kbps: 128 },
  extraTracks: [],
  latenessMs: null,
  warmBytes: 1_000,
};

export const STATE: HostState = {
  host: 'one',
  state: 'serving',
  relays: [],
  version: '0.1.0',
  pid: 4711,
  startedAt: EPOCH,
  now: EPOCH + 3_723_000,
  listeners: { rtmp: 1935, http: 8080, control: 8081 },
  programs: [PROGRAM],
  inputs: [INPUT],
  memory: { residentBytes: 123_400_000, heapBytes: 1, bufferBytes: 1 },
};

export const HISTORY: HostHistory = {
  intervalMs: 1_000,
  end: EPOCH,
  inputs: { 'master/camera1': { kbps: [null, 4_128], frameRate: [null, 30] } },
};

/** What is signed is not read here. */
export const SIGNED = 'expires=1767226000&signature=s1gned';

export const ADDRESSES: PlayAddresses = {
  rtmp: 'live/camera1',
  flv: '/live/camera1.flv',
  hls: null,
  expiresAt: null,
};

/** A host with one program, `camera1`, that answers every command as it is told and keeps what it was asked. */
export class FakeHost implements ControlledHost {
  readonly events = new EventLog();
  readonly commands: Array<{ name: string; program: string; command: unknown }> = [];
  answer: Omit<CommandAnswer, 'program'> = { outcome: 'done' };
  programNow: ProgramState = PROGRAM;

  state(): HostState {
    return { ...STATE, programs: [this.programNow] };
  }

  programState(program: string): ProgramState | null {
    return program === 'camera1' ? this.programNow : null;
  }

  switches(program: string | null): SwitchEvent[] {
    return program === null || program === 'camera1' ? [SWITCH] : [];
  }

  readonly exposition = { contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' };

  history(): HostHistory {
    return HISTORY;
  }

  addresses(program: string, isSigned: boolean): PlayAddresses | null {
    if (program !== 'camera1') return null;
    return { ...ADDRESSES, ...(isSigned ? { rtmp: `${ADDRESSES.rtmp}?${SIGNED}` } : {}) };
  }

  pin(program: string, command: unknown): CommandAnswer | null {
    return this.take('pin', program, command);
  }

  release(program: string, command: unknown): CommandAnswer | null {
    return this.take('release', program, command);
  }

  drill(program: string, command: unknown): CommandAnswer | null {
    return this.take('drill', program, command);
  }

  private take(name: string, program: string, command: unknown): CommandAnswer | null {
    if (program !== 'camera1') return null;
    this.commands.push({ name, program, command });
    return { ...this.answer, program: this.programNow };
  }
}
