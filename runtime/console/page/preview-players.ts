/** The ways to show a program in a video element. Players are loaded when the first preview needs them. */

export interface PlayerEvents {
  /** It can go no further: the stream ended, or something in it or on the way is wrong. Once. */
  readonly onEnd: (why: string) => void;
}

/** Begins to play `url`; resolves with the undo. */
export type StartPlayer = (video: HTMLVideoElement, url: string, events: PlayerEvents) => Promise<() => void>;

/** How far behind a preview may fall, and where it is brought back to by playing a little faster, in s. */
const MAX_LATENCY_S = 3;
const TARGET_LATENCY_S = 1.5;
/** What has been played is kept for so long, in s. */
const KEPT_S = 10;

export const startFlv: StartPlayer = async (video, url, { onEnd }) => {
  const { default: mpegts } = await import('mpegts.js');
  mpegts.LoggingControl.applyConfig({ enableAll: false });
  const player = mpegts.createPlayer(
    { type: 'flv', isLive: true, url },
    {
      enableStashBuffer: false,
      lazyLoad: false,
      liveSync: true,
      liveSyncMaxLatency: MAX_LATENCY_S,
      liveSyncTargetLatency: TARGET_LATENCY_S,
      liveSyncPlaybackRate: 1.1,
      autoCleanupSourceBuffer: true,
      autoCleanupMaxBackwardDuration: 2 * KEPT_S,
      autoCleanupMinBackwardDuration: KEPT_S,
    },
  );
  player.on(mpegts.Events.ERROR, (_type: string, detail: string) =>
    onEnd(`the stream broke off (${detail})`),
  );
  player.on(mpegts.Events.LOADING_COMPLETE, () => onEnd('the stream ended'));
  player.attachMediaElement(video);
  player.load();
  play(video);
  return () => player.destroy();
};

export const startHls: StartPlayer = async (video, url, { onEnd }) => {
  const { default: Hls } = await import('hls.js/light');
  const hls = new Hls({ lowLatencyMode: true, backBufferLength: KEPT_S });
  hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => {
    if (fatal) onEnd(`HLS broke off (${details})`);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  play(video);
  return () => hls.destroy();
};

export const startNativeHls: StartPlayer = async (video, url, { onEnd }) => {
  const failed = (): void => onEnd(video.error?.message ?? 'the stream broke off');
  video.addEventListener('error', failed);
  video.src = url;
  play(video);
  return () => {
    video.removeEventListener('error', failed);
    video.removeAttribute('src');
    video.load();
  };
};

/** Muted videos may begin by themselves. What keeps one from it shows as no picture. */
function play(video: HTMLVideoElement): void {
  video.play()?.catch(() => {});
}
