import type { HostState, InputState, ProgramState } from '../contract/control-api.ts';
import { formatElapsed } from './duration.ts';
import { table } from './terminal.ts';

/** `understudy status`: the host's state as lines for people. */
export function describeState(state: HostState): string[] {
  const uptime = formatElapsed(state.now - state.startedAt);
  const memory = Math.round(state.memory.residentBytes / 1_000_000);
  return [
    `Understudy ${state.version}, process ${state.pid}, up ${uptime}, ${memory} MB, ` +
      `RTMP ${state.listeners.rtmp}, HTTP ${state.listeners.http}`,
    '',
    ...table([
      ['PROGRAM', 'ON AIR', 'FOR', 'VIEWERS', 'SKIPS', 'SWITCHES', ''],
      ...state.programs.map((program) => programRow(program, state.now)),
    ]),
    '',
    ...table([
      ['INPUT', 'HEALTH', 'FOR', 'VIDEO', 'AUDIO', 'FROM'],
      ...state.inputs.map((input) => inputRow(input, state.now)),
    ]),
    ...state.programs.flatMap(({ name, warnings }) =>
      warnings.map((warning) => `\nlive/${name}: ${warning}`),
    ),
  ];
}

function programRow(program: ProgramState, now: number): string[] {
  return [
    `live/${program.name}`,
    program.onAir ?? 'nothing',
    program.onAirSince === null ? '' : formatElapsed(now - program.onAirSince),
    String(program.viewers),
    String(program.viewerSkips),
    String(program.switches),
    notes(program, now),
  ];
}

function notes({ pending, pin, drill }: ProgramState, now: number): string {
  return [
    pending && `to ${pending} at its next keyframe`,
    pin && `pinned to ${pin.source} by ${pin.by} for ${formatElapsed(pin.expiresAt - now)} more`,
    drill && `drill: ${drill.source} plays dead for ${formatElapsed(drill.endsAt - now)} more`,
  ]
    .filter((note) => note !== null)
    .join('; ');
}

function inputRow(input: InputState, now: number): string[] {
  const { video, audio } = input;
  return [
    input.name,
    `${input.health}${input.detail === '' ? '' : ` (${input.detail})`}`,
    input.since === null ? '' : formatElapsed(now - input.since),
    video === null
      ? ''
      : `${video.codec} ${video.width}x${video.height} ${video.frameRate ?? '?'}/s ${video.kbps ?? '?'} kbit/s`,
    audio === null ? '' : `${audio.codec} ${audio.sampleRate} Hz ${audio.channels} ch`,
    input.publisher ?? '',
  ];
}
