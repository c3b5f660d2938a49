import type { HostState, InputState, ProgramState, RelayState } from '../contract/control-api.ts';
import { formatElapsed } from '../contract/wording.ts';
import { table } from './terminal.ts';

/** `understudy status`: the host's state as lines for people. */
export function describeState(state: HostState): string[] {
  const uptime = formatElapsed(state.now - state.startedAt);
  const memory = Math.round(state.memory.residentBytes / 1_000_000);
  return [
    `Understudy ${state.version}, host ${state.host}${state.state === 'draining' ? ' (draining)' : ''}, process ${state.pid}, up ${uptime}, ${memory} MB, ` +
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
    ...(state.relays.length === 0 ? [] : ['', ...relayTable(state)]),
    ...state.programs.flatMap(({ name, warnings }) =>
      warnings.map((warning) => `\nlive/${name}: ${warning}`),
    ),
  ];
}

function programRow(program: ProgramState, now: number): string[] {
  return [
    `live/${program.name}`,
    program.onAir ?? (program.isResting ? 'nothing, until somebody plays it' : 'nothing'),
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

function relayTable({ relays, now }: HostState): string[] {
  return table([
    ['RELAY', 'HOST', 'STATE', 'FOR', 'SENT', 'SKIPS'],
    ...relays.map((relay) => relayRow(relay, now)),
  ]);
}

const DIRECTIONS: Record<RelayState['kind'], string> = { push: 'to', pull: 'from', pulled: 'pulled by' };

function relayRow(relay: RelayState, now: number): string[] {
  const { kind, input, host, state, since, detail, sentBytes, skips } = relay;
  return [
    input,
    `${DIRECTIONS[kind]} ${host}`,
    `${state}${detail === '' ? '' : ` (${detail})`}`,
    formatElapsed(now - since),
    sentBytes === null ? '' : `${(sentBytes / 1_000_000).toFixed(1)} MB`,
    skips === null ? '' : String(skips),
  ];
}

function inputRow(input: InputState, now: number): string[] {
  const { video, audio } = input;
  return [
    input.name,
    `${input.health}${input.detail === '' ? '' : ` (${input.detail})`}`,
    input.since === null ? '' : formatElapsed(now - input.since),
    video === null
      ? ''
      : `${video.codec} ${sizeOf(video)}${video.frameRate ?? '?'}/s ${video.kbps ?? '?'} kbit/s`,
    [audio === null ? '' : `${audio.codec} ${audio.sampleRate} Hz ${audio.channels} ch`, ...input.extraTracks]
      .filter((text) => text !== '')
      .join(' + '),
    input.publisher ?? '',
  ];
}

/** Some codecs say their size in the pictures only. */
function sizeOf({ width, height }: { readonly width: number; readonly height: number }): string {
  return width === 0 ? '' : `${width}x${height} `;
}
