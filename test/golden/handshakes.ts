import type { HandshakeRole, PacketDigest } from '../../runtime/rtmp/handshake-digest.ts';
import { bytes } from './bytes.ts';

/** What FFmpeg 7 really sends. */
const FFMPEG_C1 = Buffer.from(
  'AAAAAAkAfAL3eFUezquOHjYvB8WGinCyZtQCIOUIYRiiLjaX1fwrYynCLufHybC1s0XfqDmP6jvIeSCKEGhCWqEXTLVyWM/r4k2kLsT/' +
    'naGce0BvGMlb/dBO5ItvgzIUpHuL9o6wUlTiWumpqLSWxUlvbpzXxoy2vMhBaeZ/Pjcv/hhtqFE4YsWv3rWhIYqGC6zN2GmyU9urig77' +
    'WaSMRCCZh15Vt0/QehtprzA+CZhzy3fi2eLEdB6x9Qan8LKWKvkfUFHIkKMgmU9MizagH6nA8V9LfPe2w4F9pgkYYR07Av98yUA4k3U3' +
    '0zguQWvVdXeDTfnK90g1IVDOktDbtA6HH8Nk4Yt+NWnjmHbBrgy3n/bXqzL58BGGnI2kGR70bTwbxrctg4EvIkPRdSpBJjLWaiB19dMC' +
    '9FzfK5i4AreYBdxIN9hO3tHMQsun7sMTe/ht0LLX9iTVIaP/ZVvPDfQQE0HSMOlGUWKORaer+BgxAc6YHl6GpvrsXHmqfscYHqRZ7ZZu' +
    'DJMqb55L9VSrexyQXN4FTtQNL7ibv8ZXUuWM/eTyoE3DrR5e9Pxk1XsHHBQUakUfagQxVtKID1lX1439P/K4gPYkrHDycJTzdzTq8ZJP' +
    'Zqw9ZIriMpMFRKRCC2Xu1Glvf1D+BfyUhRZlC/ubZflT2EjjRWll0NdrYnqE416d2r2LQ/D62u5FjN9Z69dzki4K5QfV5kCS6Q7GfthD' +
    'no8iHHU6n5IW8cuFtRB7x8x8T7LD7tGvxwmxkvUN5pwf/KVlDvtSO1+rWZfKxLfvWvK/WXPmKTuuH8HaSZvlUVB33k3bP3+810FxHGK3' +
    '2AO40FTPV4GCcU0cRFvWkrobg5oJ5yZvyF2qj61DPau9IGzeHqVxdwxr+nlWwmbuhDXrAcqm9YPA2Dwz7vzz+X25F72ymfion7iGCrHN' +
    'ZEwegszhMjqet50l9dxXC3C0C7IAYXQzU9BTbs2r2C8id3ViKMtU/mkyxMm9Ew0r/HAL9dhdppRulvguCv2OnCDP6r+aahibsXu+9TnR' +
    '2ec+6Wb8tda9v5hETehlvhYF40CHs0zfBOOv9VvUE3xSLS48e/JjTbMmsipHTbf4oJUqs1EN5VU5bBijeKg5C3O/93cvsnYPpXhqOwRZ' +
    'xFodGw3/TLu2XaDtNPMhFsPCzCuVglERvPuyRsFQWqAMlw0G12zJUM42iyINsgSHy6ArsfxUs2VntCkT1riFBizXeVYB0xpKjm1WRn+l' +
    'xSFiZ2/VJhIlE8Pkfy5tnWoZxPh5VDGpTO0DkiHSesaKencOkwUlInFFm3HQVQXEl3tw6WhRIIus3N9+aCs4SIQIgPH+wqMvsUBoYryD' +
    'ytia33KfO6b/0/6AjoQD58ag9tzaMhGJj28WUFsHjMeLgNtgDe0vIA8l/13LMdMsviBWuL3DEJFjGrvSrCjWH+MkgOxQNbvzXxczk/DV' +
    'miHSMAsttLWeqmP/4Pk9ZdwChRaQXyKpx9/zh8TreMYwDn67sqZmPPvlqZd8r1dkuj8KulfbTmBR4K7G4Fsb2qZJqXh17bxAvMQhS7f+' +
    '9ycw1DaKy9PhCrTHZCocU/k8om25x2ZVW+Jv3/DipyFCW5V2Kwt3b9Pj6xcxPVMSnJ80ADyZpRlqjGqsttZLUd2YsnxbWacL2UGhugMA' +
    '+3RM/EmdmX5tkzktKKdn0RbfvCy560BUDRHrMErZMiOG/cWX1V09HGe8VN81R5r7Geos0gTdMx77ScHhcva7ifv1ggfcrmwS+KdZi+8e' +
    'hywMNfIrTCnfEPm7Gt0664h6tfs4wDa4g0b3YcQvKV3+C0N9+08wpxJ2q31AnOQklj+eu08fR+UrGHhvJ5tahyJvZpgd1tCtEfSa8xBV' +
    '/2lxD9o0V8S3hS2y45NtB3i/h58XNK06JP+xrpWEdgucsEUqU7oJYv/i9gWvUoML0hGlSIiUzAsFIlUEhxHNGYUQqelDv4uDkZhFX71B' +
    'BzAF0wOZC4jZtjZW1Dz+yO2DdI9LDw/FEgIWeUsioFTlvFir2MQQlgcIhDk0U85QlpSvvqvg',
  'base64',
);

const CLIENT_DIGEST = 'bd54c332d0b019bd81b0d9ab04f2cacf7634787c1abcf0fd6da45c636b173eab';
const SERVER_DIGEST = 'b3f39ba9fae2118475e09d1d8cf34cd4f9bc0e52e7c699fe2200cbbb1526d4ba';

/** A packet of 5a whose digest stands behind `before` of them: 4 * 5a = 360 places behind the sum at its block's begin. */
function packet(before: number, digest: string): Buffer {
  return bytes(`00000000 80000702 5a*${before} ${digest} 5a*${1_496 - before}`);
}

/** C1 and S1 as they come, and the digest in them. Those of 5a were worked out with another HMAC than Node's. */
export const handshakes: ReadonlyArray<{
  readonly name: string;
  readonly sender: HandshakeRole;
  readonly bytes: Buffer;
  readonly message: PacketDigest | null;
}> = [
  {
    name: 'C1 of FFmpeg',
    sender: 'client',
    bytes: FFMPEG_C1,
    message: {
      blockAt: 8,
      digest: bytes('650bfb9b65f953d848e3456965d0d76b627a84e35e9ddabd8b43f0fadaee458c'),
    },
  },
  {
    name: 'C1 with the digest in front of the key',
    sender: 'client',
    bytes: packet(364, CLIENT_DIGEST),
    message: { blockAt: 8, digest: bytes(CLIENT_DIGEST) },
  },
  {
    name: 'C1 with the key in front of the digest',
    sender: 'client',
    bytes: packet(1_128, CLIENT_DIGEST),
    message: { blockAt: 772, digest: bytes(CLIENT_DIGEST) },
  },
  {
    name: 'S1 with the digest in front of the key',
    sender: 'server',
    bytes: packet(364, SERVER_DIGEST),
    message: { blockAt: 8, digest: bytes(SERVER_DIGEST) },
  },
  {
    name: 'S1 with the key in front of the digest',
    sender: 'server',
    bytes: packet(1_128, SERVER_DIGEST),
    message: { blockAt: 772, digest: bytes(SERVER_DIGEST) },
  },
  { name: "C1 with a server's digest", sender: 'client', bytes: packet(364, SERVER_DIGEST), message: null },
  {
    name: 'C1 with a digest in another place',
    sender: 'client',
    bytes: packet(365, CLIENT_DIGEST),
    message: null,
  },
  { name: 'C1 without a digest', sender: 'client', bytes: bytes('00000001 00000000 5a*1528'), message: null },
  {
    name: 'C1 whose offset is the largest there is',
    sender: 'client',
    bytes: bytes('ff*1536'),
    message: null,
  },
];

/** 1,504 bytes of 5a and the signature that makes them the answer to a digest of aa. */
export const signedAnswers = [
  {
    name: 'C2',
    sender: 'client',
    digest: bytes('aa*32'),
    bytes: bytes('5a*1504 a0dd5e409f39923888ba46a88addcb01f376b61e6fd3d8f53a36094852c0937a'),
  },
  {
    name: 'S2',
    sender: 'server',
    digest: bytes('aa*32'),
    bytes: bytes('5a*1504 bd8f4de70c9caaf8c5a928186ee1fb7062f378587561700cba3d766ab7bcdcdc'),
  },
] as const;
