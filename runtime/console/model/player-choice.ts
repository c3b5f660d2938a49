/** What a browser can do, as far as previews depend on it. */
export interface BrowserAbilities {
  /** Media Source Extensions, or their managed kind. */
  readonly hasMse: boolean;
  /** Plays HLS by itself. */
  readonly hasNativeHls: boolean;
}

export interface PreviewTracks {
  readonly video: { readonly codec: string } | null;
  readonly audio: { readonly codec: string } | null;
}

export type PlayerChoice =
  | { readonly player: 'flv' | 'hls' | 'native-hls' }
  | { readonly player: null; readonly why: string };

const FLV_VIDEO = new Set(['avc']);
const FLV_AUDIO = new Set(['aac', 'mp3']);
/** What the host packages (docs/hls.md). */
const HLS_VIDEO = new Set(['avc', 'hevc']);
const HLS_AUDIO = new Set(['aac']);

/** Which player shows a program: HTTP-FLV where it can, because it is a second behind, and HLS where not. */
export function choosePlayer(
  tracks: PreviewTracks,
  { hasMse, hasNativeHls }: BrowserAbilities,
): PlayerChoice {
  if (tracks.video === null && tracks.audio === null) return { player: null, why: 'nothing to show yet' };
  if (hasMse && fits(tracks, FLV_VIDEO, FLV_AUDIO)) return { player: 'flv' };
  if (tracks.video !== null && !HLS_VIDEO.has(plain(tracks.video.codec))) {
    return { player: null, why: `no preview of ${plain(tracks.video.codec)}` };
  }
  // Sound that HLS does not carry is left out there; the pictures are what a preview is for.
  if (tracks.video === null && !fits(tracks, HLS_VIDEO, HLS_AUDIO)) {
    return { player: null, why: `no preview of ${codecs(tracks)}` };
  }
  if (hasMse) return { player: 'hls' };
  return hasNativeHls
    ? { player: 'native-hls' }
    : { player: null, why: 'this browser plays no live streams' };
}

function fits({ video, audio }: PreviewTracks, videos: Set<string>, audios: Set<string>): boolean {
  return (
    (video === null || videos.has(plain(video.codec))) && (audio === null || audios.has(plain(audio.codec)))
  );
}

function codecs({ video, audio }: PreviewTracks): string {
  return [video, audio].flatMap((track) => (track === null ? [] : plain(track.codec))).join(' and ');
}

/** The FourCC of MP3 has a dot. */
function plain(codec: string): string {
  return codec.replace('.', '');
}
