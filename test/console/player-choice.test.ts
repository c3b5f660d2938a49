import { describe, expect, it } from '@jest/globals';
import { choosePlayer, type PlayerChoice } from '../../runtime/console/model/player-choice.ts';

const mse = { hasMse: true, hasNativeHls: false };
const phone = { hasMse: false, hasNativeHls: true };
const neither = { hasMse: false, hasNativeHls: false };

const cases: ReadonlyArray<[string | null, string | null, typeof mse, PlayerChoice]> = [
  ['avc', 'aac', mse, { player: 'flv' }],
  ['avc', 'mp3', mse, { player: 'flv' }],
  ['avc', '.mp3', mse, { player: 'flv' }],
  ['avc', null, mse, { player: 'flv' }],
  [null, 'aac', mse, { player: 'flv' }],
  ['hevc', 'aac', mse, { player: 'hls' }],
  ['avc', 'opus', mse, { player: 'hls' }],
  ['avc', 'aac', phone, { player: 'native-hls' }],
  ['hevc', 'aac', phone, { player: 'native-hls' }],
  ['av1', 'aac', mse, { player: null, why: 'no preview of av1' }],
  [null, 'opus', mse, { player: null, why: 'no preview of opus' }],
  ['avc', 'aac', neither, { player: null, why: 'this browser plays no live streams' }],
  [null, null, mse, { player: null, why: 'nothing to show yet' }],
];

describe('the player of a preview', () => {
  for (const [video, audio, browser, choice] of cases) {
    it(`${video} and ${audio}, ${JSON.stringify(browser)}`, () => {
      const tracks = {
        video: video === null ? null : { codec: video },
        audio: audio === null ? null : { codec: audio },
      };
      expect(choosePlayer(tracks, browser)).toEqual(choice);
    });
  }
});
