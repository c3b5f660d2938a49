import type { InputState, ProgramState } from '../../contract/control-api.ts';
import { toneOfHealth } from '../model/condition.ts';
import {
  channelsName,
  codecName,
  formatAge,
  formatBitRate,
  formatFrameRate,
  formatLength,
} from '../model/format.ts';
import { bitRateOf, type History } from '../model/history.ts';
import { Icon } from './icon.tsx';
import type { Asking } from './program-dialog.tsx';
import { RatePlot } from './rate-plot.tsx';

export interface CandidateRowProps {
  readonly program: ProgramState;
  readonly input: InputState;
  readonly now: number;
  readonly history: History | null;
  readonly canCommand: boolean;
  readonly ask: (asking: Asking) => void;
}

/** A candidate of a program: how it is, what it sends, and the button that puts it on air. */
export function CandidateRow({ program, input, now, history, canCommand, ask }: CandidateRowProps) {
  const { name, health, video } = input;
  const isOnAir = program.onAir === name;
  const label = isOnAir ? `Pin ${program.name} to ${name}` : `Switch ${program.name} to ${name}`;
  return (
    <li class={`candidate tone-${toneOfHealth(health)}${isOnAir ? ' is-on-air' : ''}`} aria-label={name}>
      <div class="candidate-name">
        <strong>{name}</strong>
        {isOnAir && <span class="tally">on air</span>}
        {program.pending === name && <span class="tally tally-pending">next</span>}
      </div>
      <p class="candidate-health">
        <Icon name={health} />
        <span>
          <b>{health}</b>
          {input.since !== null && ` ${formatAge(now - input.since)}`}
          {input.detail !== '' && ` · ${input.detail}`}
        </span>
      </p>
      <p class="candidate-video">{describeVideo(video)}</p>
      <p class="candidate-audio">{describeAudio(input)}</p>
      <p class="candidate-rate">
        {video === null && input.audio === null ? '' : formatBitRate(bitRateOf(input))}
      </p>
      <p class="candidate-frames">{video === null ? '' : formatFrameRate(video.frameRate)}</p>
      <RatePlot history={history} input={name} group={program.name} />
      {canCommand && (
        <button
          type="button"
          class="button candidate-switch"
          aria-label={label}
          onClick={() => ask({ command: 'switch', source: name })}
        >
          {isOnAir ? 'Pin…' : 'Switch…'}
        </button>
      )}
    </li>
  );
}

function describeVideo(video: InputState['video']): string {
  if (video === null) return '';
  const { codec, profile, width, height, gopMs } = video;
  // Some codecs say their size in the pictures only.
  const size = width === 0 ? '' : `${width}×${height}`;
  const gop = gopMs === null ? '' : `GOP ${formatLength(Math.round(gopMs / 100) * 100)}`;
  return [`${codecName(codec)} ${profile}`.trim(), size, gop].filter((part) => part !== '').join(' · ');
}

function describeAudio({ audio, extraTracks, isRemote, latenessMs }: InputState): string {
  const sound =
    audio === null
      ? ''
      : `${codecName(audio.codec)} · ${audio.sampleRate / 1_000} kHz ${channelsName(audio.channels)}`;
  const from = isRemote
    ? `from another host${latenessMs === null ? '' : `, ${Math.round(latenessMs)} ms late`}`
    : '';
  return [sound, ...extraTracks, from].filter((part) => part !== '').join(' · ');
}
