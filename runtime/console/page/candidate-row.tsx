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
      <strong class="candidate-name">{name}</strong>
      <p class="candidate-health">
        {isOnAir && <span class="tally">on air</span>}
        {program.pending === name && <span class="tally tally-pending">next</span>}
        <Icon name={health} />
        <span>
          <b>{health}</b>
          {input.since !== null && ` ${formatAge(now - input.since)}`}
          {input.detail !== '' && ` · ${input.detail}`}
        </span>
      </p>
      <p class="candidate-video">{describeVideo(video)}</p>
      <p class="candidate-audio">{describeRest(input)}</p>
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
  const { codec, profile, width, height } = video;
  // Some codecs say their size in the pictures only.
  const size = width === 0 ? '' : `${width}×${height}`;
  return joined(`${codecName(codec)} ${profile}`.trim(), size);
}

function describeRest({ video, audio, extraTracks, isRemote, latenessMs }: InputState): string {
  const gopMs = video?.gopMs ?? null;
  const late = latenessMs === null ? '' : `, ${Math.round(latenessMs)} ms late`;
  return joined(
    gopMs === null ? '' : `GOP ${formatLength(Math.round(gopMs / 100) * 100)}`,
    audio === null
      ? ''
      : `${codecName(audio.codec)} ${audio.sampleRate / 1_000} kHz ${channelsName(audio.channels)}`,
    ...extraTracks,
    isRemote ? `from another host${late}` : '',
  );
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}
