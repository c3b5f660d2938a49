import type { HostState, InputState, ProgramState, SwitchEvent } from '../../runtime/contract/control-api.ts';

/** States as a host gives them, for tests of the console. */

export const NOW = 1_700_000_000_000;

export function inputState(name: string, over: Partial<InputState> = {}): InputState {
  return {
    name,
    kind: name === 'slate' ? 'slate' : name.startsWith('master/') ? 'master' : 'backup',
    health: 'live',
    detail: '',
    isRemote: false,
    since: NOW - 60_000,
    publisher: '127.0.0.1:50000',
    video: {
      codec: 'avc',
      profile: 'High',
      width: 1280,
      height: 720,
      kbps: 2_000,
      frameRate: 30,
      gopMs: 2_000,
    },
    audio: { codec: 'aac', profile: 'LC', sampleRate: 48_000, channels: 2, kbps: 128 },
    extraTracks: [],
    latenessMs: null,
    warmBytes: 0,
    ...over,
  };
}

export function programState(over: Partial<ProgramState> = {}): ProgramState {
  return {
    name: 'camera1',
    isResting: false,
    onAir: 'master/camera1',
    onAirSince: NOW - 60_000,
    pending: null,
    candidates: [
      { name: 'master/camera1', health: 'live' },
      { name: 'backup/spare', health: 'live' },
      { name: 'slate', health: 'live' },
    ],
    pin: null,
    drill: null,
    viewers: 312,
    viewerSkips: 0,
    switches: 0,
    lastSwitch: null,
    warnings: [],
    ...over,
  };
}

export function hostState(over: Partial<HostState> = {}): HostState {
  return {
    version: '1.0.0',
    host: 'studio-a',
    state: 'serving',
    pid: 1,
    startedAt: NOW - 3_600_000,
    now: NOW,
    listeners: { rtmp: 1935, http: 8080, control: 8081 },
    programs: [programState()],
    inputs: ['master/camera1', 'backup/spare', 'slate'].map((name) => inputState(name)),
    relays: [],
    memory: { residentBytes: 1, heapBytes: 1, bufferBytes: 1 },
    ...over,
  };
}

export function switchEvent(over: Partial<SwitchEvent> = {}): SwitchEvent {
  return {
    id: 1,
    program: 'camera1',
    cause: 'lost',
    detail: 'master/camera1 stalled no new media for 530 ms',
    by: null,
    from: 'master/camera1',
    to: 'backup/spare',
    kind: 'warm',
    candidates: [],
    lastPacketAt: NOW,
    detectedAt: NOW + 530,
    decidedAt: NOW + 530,
    firstFrameAt: NOW + 531,
    gapMs: 531,
    holeMs: { video: 33, audio: 21 },
    squeezedFrames: 16,
    viewers: 312,
    ...over,
  };
}
