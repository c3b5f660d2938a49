/** The address of an input at another host comes through our own client and server whole. */
import { describe, expect, it } from '@jest/globals';
import { RELAY_APP, relayUrl } from '../../runtime/relay/relay-url.ts';
import { parseRtmpUrl } from '../../runtime/rtmp/rtmp-url.ts';
import { resolveStreamPath } from '../../runtime/rtmp/stream-path.ts';

const INPUT = 'master/camera1';
const KEY = 'relay-key-0123456789';

const cases: { name: string; address: string; key?: string; have?: { epoch: number; sequence: number } }[] = [
  { name: 'a name', address: 'one.example.org' },
  { name: 'a name with capitals and underscores', address: 'Host_1' },
  { name: 'an IPv4 address', address: '192.0.2.7' },
  { name: 'an IPv6 address', address: '2001:db8::7' },
  { name: 'an IPv6 address of IPv4', address: '::ffff:192.0.2.7' },
  { name: 'a key with ~', address: '192.0.2.7', key: 'a~b-c_d.e' },
  { name: 'a key with all that means something', address: '192.0.2.7', key: 'a&b=c?d#e/f%41 +g' },
  { name: 'what is here already', address: '192.0.2.7', have: { epoch: 1_767_225_600_000, sequence: 42 } },
];

describe('the address of an input at another host', () => {
  it.each(cases)('comes through: $name', ({ address, key = KEY, have }) => {
    const url = parseRtmpUrl(relayUrl({ address, rtmpPort: 1_936 }, INPUT, key, have));
    expect(url).toMatchObject({ port: 1_936, app: RELAY_APP });
    expect(url.host.toLowerCase()).toBe(
      address.startsWith('::ffff') ? '::ffff:c000:207' : address.toLowerCase(),
    );
    expect(url.tcUrl).not.toContain(key);
    const { app, name, query } = resolveStreamPath(url.app, url.stream);
    expect({ app, name }).toEqual({ app: RELAY_APP, name: INPUT });
    expect(Object.fromEntries(query)).toEqual({
      key,
      ...(have && { epoch: String(have.epoch), sequence: String(have.sequence) }),
    });
  });

  it.each([
    { name: 'nothing is known of', have: undefined },
    { name: 'nothing is here of', have: { epoch: 0, sequence: 0 } },
  ])('asks for all where $name a publication', ({ have }) => {
    expect(relayUrl({ address: 'one', rtmpPort: 1 }, INPUT, KEY, have)).toBe(
      `rtmp://one:1/relay/master%2Fcamera1?key=${KEY}`,
    );
  });
});
