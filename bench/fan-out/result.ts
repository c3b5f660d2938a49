/** What `npm run bench -- --out FILE` writes, and what is read out of it again. */
import { readFileSync } from 'node:fs';
import type { Machine } from '../machine.ts';
import { median } from '../statistics.ts';
import type { Protocol } from './play-script.ts';
import type { Cell, Measured } from './run-cell.ts';

export interface Results {
  readonly machine: Machine;
  readonly method: Method;
  readonly results: readonly Result[];
}

export interface Method {
  readonly runs: number;
  /** Of each run. */
  readonly seconds: number;
  readonly joinsASecond: number;
  readonly viewersRead: string;
}

/** Medians of the runs; what each of them is, is told in run-cell.ts. */
export interface Result extends Measured {
  readonly server: string;
  readonly cadenceMs: number | null;
  readonly protocol: Protocol;
  readonly viewers: number;
  readonly cpuMsOfRuns: readonly number[];
}

export function resultOf({ server, protocol, viewers }: Cell, runs: readonly Measured[]): Result {
  const of = (value: (one: Measured) => number): number => median(runs.map(value));
  return {
    server: server.name,
    cadenceMs: server.cadenceMs,
    protocol,
    viewers,
    cpuMs: of(({ cpuMs }) => cpuMs),
    cpuMsOfRuns: runs.map(({ cpuMs }) => cpuMs),
    residentBytes: of(({ residentBytes }) => residentBytes),
    leastShare: of(({ leastShare }) => leastShare),
    lateMs: [of(({ lateMs }) => lateMs[0]), of(({ lateMs }) => lateMs[1]), of(({ lateMs }) => lateMs[2])],
    joinMs: [of(({ joinMs }) => joinMs[0]), of(({ joinMs }) => joinMs[1]), of(({ joinMs }) => joinMs[2])],
    closed: of(({ closed }) => closed),
    swarmShare: of(({ swarmShare }) => swarmShare),
  };
}

export function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}
