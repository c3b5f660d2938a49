import type { HostState, ProgramState, SwitchEvent } from '../contract/control-api.ts';
import type { HostSummary, ProgramSummary } from '../contract/host-summary.ts';

/** What `understudy status --brief` says of a host. */
export function summarise({ host, state, now, programs }: HostState): HostSummary {
  return { version: 1, host, state, now, programs: programs.map(summariseProgram) };
}

function summariseProgram(program: ProgramState): ProgramSummary {
  const { name, isResting, onAir, candidates, pin, drill, viewers, lastSwitch, warnings } = program;
  return {
    name,
    resting: isResting,
    onAir,
    health: Object.fromEntries(candidates.map((candidate) => [candidate.name, candidate.health])),
    pin,
    drill,
    viewers,
    lastSwitch: lastSwitch && summariseSwitch(lastSwitch),
    warnings: warnings.length,
  };
}

function summariseSwitch({ decidedAt, from, to, cause, holeMs }: SwitchEvent): ProgramSummary['lastSwitch'] {
  const holes = [holeMs.video, holeMs.audio].filter((hole) => hole !== null);
  return {
    at: Math.round(decidedAt),
    from,
    to,
    cause,
    holeMs: holes.length === 0 ? null : Math.max(...holes),
  };
}
