import { describe, expect, it } from '@jest/globals';
import { playAddresses, publishAddresses } from '../../runtime/console/model/addresses.ts';
import { hostState, inputState, programState } from './states.ts';

const page = { origin: 'http://host.example:8080', hostname: 'host.example' };
const paths = {
  rtmp: 'live/camera1?token=t',
  flv: '/live/camera1.flv?token=t',
  hls: '/live/camera1/index.m3u8?token=t',
  expiresAt: null,
};

describe('addresses', () => {
  it('are whole, with ports where they are not the usual ones', () => {
    const listeners = { rtmp: 1935, rtmps: 4443, http: 8080, control: 8081 };
    expect(playAddresses(paths, listeners, page)).toEqual([
      { label: 'RTMP', url: 'rtmp://host.example/live/camera1?token=t' },
      { label: 'RTMPS', url: 'rtmps://host.example:4443/live/camera1?token=t' },
      { label: 'HTTP-FLV', url: 'http://host.example:8080/live/camera1.flv?token=t' },
      { label: 'HLS', url: 'http://host.example:8080/live/camera1/index.m3u8?token=t' },
    ]);
  });

  it('leave out what the host does not have', () => {
    const listeners = { rtmp: 19_350, http: 8080, control: 8081 };
    expect(
      playAddresses({ ...paths, hls: null }, listeners, page).map(({ label, url }) => [label, url]),
    ).toEqual([
      ['RTMP', 'rtmp://host.example:19350/live/camera1?token=t'],
      ['HTTP-FLV', 'http://host.example:8080/live/camera1.flv?token=t'],
    ]);
  });

  it('of publishers are those of the candidates that encoders publish here, without their keys', () => {
    const host = hostState({
      inputs: [
        inputState('master/camera1'),
        inputState('master/camera2'),
        inputState('backup/spare', { isRemote: true }),
        inputState('slate'),
      ],
    });
    expect(publishAddresses(programState(), host, page)).toEqual([
      {
        input: 'master/camera1',
        servers: [{ label: 'RTMP', url: 'rtmp://host.example/master' }],
        streamKey: 'camera1?key=…',
      },
    ]);
  });
});
