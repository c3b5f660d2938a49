import type { InputFigures, ProgramFigures, Snapshot } from '../../runtime/metrics/snapshot.ts';
import { EPOCH } from '../support/fake-clock.ts';

export function inputFigures(changes: Partial<InputFigures> = {}): InputFigures {
  return {
    name: 'master/camera1',
    canBeShown: true,
    isPublished: true,
    rates: { videoKbps: 2_000, audioKbps: 128, frameRate: 29.9 },
    receivedBytes: 1_000_000,
    ...changes,
  };
}

export function programFigures(changes: Partial<ProgramFigures> = {}): ProgramFigures {
  return {
    name: 'camera1',
    candidates: ['master/camera1', 'backup/spare', 'slate'],
    onAir: 'master/camera1',
    viewers: 3,
    viewerSkips: 0,
    sentBytes: 5_000_000,
    switches: 0,
    switchHolesMs: [],
    mismatches: 0,
    ...changes,
  };
}

export function snapshotOf(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    second: EPOCH,
    deployment: 'show',
    host: 'h1',
    version: '0.1.0',
    inputs: [inputFigures()],
    programs: [programFigures()],
    relays: [{ kind: 'push', input: 'backup/spare', peer: 'one', isOpen: true }],
    limits: [{ limit: 'handshakes', total: 3 }],
    eventLoopDelayMs: 2.5,
    process: {
      startedAt: EPOCH - 60_000,
      cpuSeconds: 4.5,
      residentBytes: 90e6,
      heapBytes: 20e6,
      bufferBytes: 10e6,
    },
    ...changes,
  };
}
