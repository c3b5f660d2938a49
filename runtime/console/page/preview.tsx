import { useEffect, useRef, useState } from 'preact/hooks';
import type { InputState, ProgramState } from '../../contract/control-api.ts';
import { type BrowserAbilities, choosePlayer, type PreviewTracks } from '../model/player-choice.ts';
import { Icon } from './icon.tsx';
import { PreviewSession, type PreviewStatus } from './preview-session.ts';
import { useIsSeen } from './use-is-seen.ts';

export interface PreviewProps {
  readonly program: ProgramState;
  readonly onAir: InputState | undefined;
  /** Whether previews are switched on. */
  readonly isWanted: boolean;
  readonly isAway: boolean;
  readonly isAudible: boolean;
  readonly setAudible: (on: boolean) => void;
}

/** What viewers of a program get, muted until asked. A viewer like any other: so it plays only while somebody can see it. */
export function Preview({ program, onAir, isWanted, isAway, isAudible, setAudible }: PreviewProps) {
  const { name } = program;
  const video = useRef<HTMLVideoElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const isSeen = useIsSeen(frame);
  const [isWoken, setIsWoken] = useState(false);
  const [status, setStatus] = useState<PreviewStatus>({ is: 'connecting' });
  const choice = choosePlayer(useTracks(onAir), abilities());
  const needsWaking = program.isResting && !isWoken;
  const isPlayed = isWanted && isSeen && !isAway && !needsWaking;
  // Of a program that rests, nothing is known before it is played.
  const player = program.isResting && choice.player === null ? 'flv' : choice.player;

  useEffect(() => {
    if (!isPlayed || player === null || video.current === null) return;
    return new PreviewSession({ program: name, player, video: video.current, onStatus: setStatus }).start();
  }, [isPlayed, player, name]);

  const isShown = isPlayed && player !== null && status.is === 'playing';
  return (
    <div
      ref={frame}
      class={isShown ? 'preview is-playing' : 'preview'}
      role="group"
      aria-label={`Preview of ${name}`}
    >
      <video ref={video} muted={!isAudible} playsInline tabIndex={-1} aria-label={`Pictures of ${name}`} />
      {!isShown && (
        <p class="preview-note">
          {noteOf({
            isSeen,
            isWanted,
            isAway,
            needsWaking,
            why: choice.player === null && player === null ? choice.why : null,
            status,
          })}
          {isWanted && needsWaking && (
            <button type="button" class="button" aria-label={`Play ${name}`} onClick={() => setIsWoken(true)}>
              Play it
            </button>
          )}
        </p>
      )}
      {isShown && (
        <button
          type="button"
          class="preview-sound"
          aria-pressed={isAudible}
          aria-label={`Sound of ${name}`}
          title={isAudible ? 'Mute' : 'Listen'}
          onClick={() => setAudible(!isAudible)}
        >
          <Icon name={isAudible ? 'soundOn' : 'soundOff'} />
        </button>
      )}
    </div>
  );
}

/** What is on air, or was last: viewers stay while one source goes and the next one comes, and so does a preview. */
function useTracks(onAir: InputState | undefined): PreviewTracks {
  const known = useRef<PreviewTracks>({ video: null, audio: null });
  if (onAir !== undefined && (onAir.video !== null || onAir.audio !== null)) known.current = onAir;
  return known.current;
}

interface NoteFacts {
  readonly isSeen: boolean;
  readonly isWanted: boolean;
  readonly isAway: boolean;
  readonly needsWaking: boolean;
  readonly why: string | null;
  readonly status: PreviewStatus;
}

function noteOf({ isSeen, isWanted, isAway, needsWaking, why, status }: NoteFacts): string {
  if (!isWanted) return 'Previews are off';
  if (isAway) return 'The host is away';
  if (needsWaking) return 'Resting until somebody plays it';
  if (why !== null) return why;
  if (!isSeen) return 'Paused: out of sight';
  return status.is === 'waiting' ? `Trying again: ${status.why}` : 'Connecting…';
}

function abilities(): BrowserAbilities {
  return {
    hasMse: 'MediaSource' in window || 'ManagedMediaSource' in window,
    hasNativeHls: document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '',
  };
}
