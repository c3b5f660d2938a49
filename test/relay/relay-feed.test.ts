/** One input carried to other hosts, as real RTMP bytes: what they hold must be what the owner holds. */
import { describe, expect, it, jest } from '@jest/globals';
import { encodeAmf0 } from '../../runtime/codec/amf0.ts';
import { parseMedia } from '../../runtime/codec/media-message.ts';
import { bytes } from '../golden/bytes.ts';
import {
  audioConfig,
  dataPacket,
  headerOf,
  LIMITS,
  OwnerStage,
  RemoteEnd,
  type Shape,
  videoConfig,
} from './relay-stage.ts';

/** What the owner has put out since the first that the remote was given. */
function sharedPart(stage: OwnerStage, remote: RemoteEnd): string[] {
  const first = stage.frames.indexOf(remote.frames[0] ?? 'nothing has come');
  return stage.frames.slice(Math.max(0, first));
}

/** Every frame from the first on, once, in order, with the owner's numbers and program times. */
function expectTheSame(stage: OwnerStage, remote: RemoteEnd, least = 100): void {
  expect(remote.frames).toEqual(sharedPart(stage, remote));
  expect(remote.frames.length).toBeGreaterThanOrEqual(least);
  expect(remote.input.health).toBe(stage.input.health);
  expect(remote.input.position).toEqual(stage.input.position);
  expect(remote.input.headers).toEqual(stage.input.headers);
  expect(remote.input.metadata).toEqual(stage.input.metadata);
}

/** The owner's times, from which all hosts count the same hold. */
function expectTheSameHold(stage: OwnerStage, remote: RemoteEnd): void {
  expect(remote.input.healthSince).toBe(stage.input.healthSince);
  expect(remote.input.arrivedAt).toBe(stage.input.arrivedAt);
  expect(remote.input.recentLosses).toEqual(stage.input.recentLosses);
}

interface Course {
  readonly name: string;
  readonly shape?: Shape;
  /** From a host that has joined and an input that is live. */
  readonly course: (stage: OwnerStage) => void;
  /** Marks on the wire, at least: one more than the places where the clock changes. */
  readonly marks?: number;
}

const courses: Course[] = [
  { name: 'nothing in particular', course: (stage) => stage.run(5_000) },
  { name: 'B-frames', shape: { bFrames: true }, course: (stage) => stage.run(5_000) },
  { name: 'sound only', shape: { video: false }, course: (stage) => stage.run(5_000) },
  { name: 'pictures only', shape: { audio: false }, course: (stage) => stage.run(5_000) },
  {
    name: 'an encoder that is slow',
    shape: { driftPpm: -400 },
    course: (stage) => stage.run(60_000),
    marks: 3,
  },
  {
    name: 'an encoder that is fast',
    shape: { driftPpm: 400 },
    course: (stage) => stage.run(60_000),
    marks: 3,
  },
  {
    name: 'timestamps that go beyond 24 bits',
    shape: { firstTimestamp: 0xffffff - 4_000 },
    course: (stage) => stage.run(8_000),
  },
  {
    name: 'timestamps that wrap',
    shape: { firstTimestamp: 2 ** 32 - 4_000 },
    course: (stage) => stage.run(8_000),
  },
  {
    name: 'timestamps that jump ahead',
    course: (stage) => stage.run(1_000).shift(3_600_000).run(3_000),
    marks: 2,
  },
  {
    name: 'timestamps that go back',
    course: (stage) => stage.run(1_000).shift(-90_000).run(3_000),
    marks: 2,
  },
  {
    name: 'timestamps that jump by more than half of their cycle',
    course: (stage) => stage.run(1_000).shift(3_000_000_000).run(3_000),
    marks: 2,
  },
  {
    name: 'timestamps that fall behind',
    course: (stage) => {
      stage.run(2_000);
      stage.lateMs = 3_000;
      stage.run(15_000);
    },
    marks: 2,
  },
  {
    name: 'a stall of the encoder, whose clock stood still meanwhile',
    course: (stage) => {
      stage.run(2_000);
      stage.isFrozen = true;
      stage.run(1_500);
      stage.isFrozen = false;
      stage.run(3_000);
    },
    marks: 2,
  },
  {
    name: 'headers that change in mid-stream',
    course: (stage) => {
      stage.run(1_500);
      stage.send(headerOf(videoConfig(1)));
      stage.send(headerOf(audioConfig('lc44')));
      stage.run(1_500);
    },
  },
  {
    name: 'data between the frames',
    course: (stage) => {
      stage.run(510);
      stage.send(dataPacket(encodeAmf0('onCuePoint', { name: 'advert' })));
      stage.run(2_000);
    },
  },
];

describe('a host that an input is relayed to', () => {
  it.each(courses)('holds what the owner holds, through $name', ({ shape, course, marks = 1 }) => {
    const stage = new OwnerStage();
    const remote = stage.join();
    stage.publish(shape).run(2_000);
    course(stage);
    expectTheSame(stage, remote);
    expectTheSameHold(stage, remote);
    expect(stage.input.health).toBe('live');
    expect(remote.wire.filter((text) => text.startsWith('mark')).length).toBeGreaterThanOrEqual(marks);
  });

  it('takes over another encoder with the owner, and never mixes the two', () => {
    const stage = new OwnerStage();
    const remote = stage.join();
    stage.publish().run(3_000);
    const first = remote.input.position;
    stage.publish({ firstTimestamp: 5_000_000 }).run(500);
    expect(remote.input.health).toBe('starting');
    stage.run(2_500);
    expect(remote.input.position.epoch).toBeGreaterThan(first.epoch);
    expect(remote.input.position).toEqual(stage.input.position);
    const held = (input: OwnerStage['input']) =>
      input.buffer.gops.flatMap(({ packets }) => packets.map(({ sequence, dts }) => `${sequence} ${dts}`));
    expect(held(remote.input)).toEqual(held(stage.input));
    expectTheSameHold(stage, remote);
  });

  it('is told at once of the end of the publication, and holds the next one as the owner does', () => {
    const stage = new OwnerStage();
    const remote = stage.join();
    stage.publish().run(3_000);
    stage.unpublish();
    expect(remote.input.health).toBe('absent');
    stage.run(1_000).publish().run(3_000);
    expect(remote.input.health).toBe('live');
    expect(remote.input.position).toEqual(stage.input.position);
    expect(remote.frames.at(-1)).toBe(stage.frames.at(-1));
  });

  it('is told of every health that the owner sees, with its times', () => {
    const stage = new OwnerStage();
    const remote = stage.join();
    stage.publish().run(3_000);
    stage.isFrozen = true;
    stage.run(600);
    expect(remote.input).toMatchObject({ health: 'stalled', healthSince: stage.input.healthSince });
    stage.isFrozen = false;
    stage.run(100);
    expect(remote.input.health).toBe('starting');
    stage.run(3_000);
    expectTheSame(stage, remote);
    expectTheSameHold(stage, remote);
    expect(remote.wire.filter((text) => text.startsWith('health'))).toEqual([
      'health absent',
      'health starting',
      'health live',
      'health stalled',
      'health starting',
      'health live',
    ]);
  });
});

describe('a host that joins', () => {
  it.each([0, 20, 480, 500, 520, 980, 1_000, 1_320, 7_777])(
    'gets the recent past once, %i ms after the input is live',
    (ms) => {
      const stage = new OwnerStage().publish().run(1_200);
      expect(stage.input.health).toBe('live');
      stage.run(ms);
      const remote = stage.join();
      // At once, without any packet more: it can fail over to it.
      expect(remote.input.health).toBe('live');
      const oldest = stage.input.buffer.gops[0]?.packets[0];
      expect(remote.wire.slice(0, 4)).toEqual([
        `mark ${stage.input.position.epoch} #${oldest?.sequence} ${oldest?.dts} ${oldest?.anchor.offset}`,
        'metadata',
        'header video',
        'header audio',
      ]);
      stage.run(1_100);
      expectTheSame(stage, remote, 1);
      expectTheSameHold(stage, remote);
    },
  );

  it('also in the middle of a turn, in which packets wait to go out', () => {
    const stage = new OwnerStage().publish().run(2_000);
    const early = stage.join();
    stage.send(dataPacket(encodeAmf0('onCuePoint', { name: 'one' })));
    const late = stage.join();
    stage.send(dataPacket(encodeAmf0('onCuePoint', { name: 'two' })));
    stage.run(500);
    for (const remote of [early, late]) expectTheSame(stage, remote, 20);
    expect(late.wire.filter((text) => text.startsWith('#')).length).toBe(late.frames.length);
  });

  it('gets nothing but the health before the input is fit to be shown, and then all that is held', () => {
    const stage = new OwnerStage().publish().run(500);
    const remote = stage.join();
    stage.run(300);
    expect(remote.wire).toEqual(['health starting']);
    stage.run(3_000);
    expectTheSame(stage, remote);
    expect(remote.frames[0]).toBe(stage.frames.find((text) => text.includes(' key')));
  });

  it('while another encoder has taken over and its clock has not settled, gets nothing of it yet', () => {
    const stage = new OwnerStage().publish().run(3_000);
    // The take-over comes while the input is looking where its clock stands: its health does not change by it.
    stage.isFrozen = true;
    stage.run(600);
    stage.isFrozen = false;
    stage.run(100);
    expect(stage.input.health).toBe('starting');
    stage.publish();
    // The first frames are late: where the clock stands is not known before the less delayed ones.
    stage.lateMs = 300;
    stage.run(200);
    const remote = stage.join();
    stage.lateMs = 0;
    stage.run(3_000);
    expect(stage.input.health).toBe('live');
    const held = (input: OwnerStage['input']) =>
      input.buffer.gops.flatMap(({ packets }) =>
        packets.map((p) => `${p.sequence} ${p.dts + p.anchor.offset}`),
      );
    expect(held(remote.input)).toEqual(held(stage.input));
  });

  it('leaves, and gets nothing more', () => {
    const stage = new OwnerStage().publish().run(2_000);
    const remote = stage.join();
    remote.leave();
    const { length } = remote.written;
    stage.run(1_000);
    expect(remote.written.length).toBe(length);
  });
});

describe('a host whose connection broke', () => {
  it.each([0, 20, 300, 1_500])('gets exactly what it missed in %i ms', (ms) => {
    const stage = new OwnerStage().publish().run(3_000);
    const remote = stage.join();
    stage.run(500);
    remote.leave();
    stage.run(ms);
    const before = remote.wire.length;
    const have = remote.reconnect();
    expect(have.sequence).toBeGreaterThan(0);
    stage.join(remote, have);
    const missed = stage.input.position.sequence - have.sequence;
    expect(remote.wire.slice(before).filter((text) => text.startsWith('#'))).toHaveLength(missed);
    stage.run(1_000);
    expect(remote.frames).toEqual(sharedPart(stage, remote));
    // Nothing came twice on the wire either.
    const numbers = remote.wire.filter((text) => text.startsWith('#'));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(remote.input.health).toBe('live');
    // It was lost on the way here: this host holds it from now on.
    expect(remote.input.healthSince).toBeGreaterThan(stage.input.healthSince);
  });

  it('gets the headers that changed meanwhile', () => {
    const stage = new OwnerStage().publish().run(3_000);
    const remote = stage.join();
    stage.run(500);
    remote.leave();
    stage.send(headerOf(videoConfig(1)));
    stage.run(200);
    stage.join(remote, remote.reconnect());
    stage.run(500);
    expectTheSame(stage, remote);
  });

  it('gets the headers that changed right behind what it has', () => {
    const stage = new OwnerStage().publish().run(3_000);
    const remote = stage.join();
    stage.run(500);
    remote.leave();
    stage.send(headerOf(videoConfig(1)));
    stage.join(remote, remote.reconnect());
    stage.run(500);
    expect(remote.input.headers).toEqual(stage.input.headers);
    expectTheSame(stage, remote);
  });

  it('gets the metadata that changed meanwhile', () => {
    const stage = new OwnerStage().publish().run(3_000);
    const remote = stage.join();
    stage.run(500);
    remote.leave();
    stage.input.receiveMetadata({ width: 1_920 });
    stage.run(200);
    stage.join(remote, remote.reconnect());
    stage.run(500);
    expect(remote.input.metadata).toEqual({ width: 1_920 });
  });

  it('is told where the clock was anchored anew meanwhile', () => {
    const stage = new OwnerStage().publish().run(3_000);
    const remote = stage.join();
    remote.leave();
    stage.run(100).shift(1_000_000).run(100);
    stage.join(remote, remote.reconnect());
    stage.run(1_000);
    expectTheSame(stage, remote, 50);
  });

  it('begins anew where part of what it missed is not held any more', () => {
    const stage = new OwnerStage().publish().run(3_000);
    const remote = stage.join();
    remote.leave();
    const have = remote.input.position;
    stage.run(20_000);
    stage.join(remote, remote.reconnect());
    const missed = remote.frames.find((text) => Number(text.slice(1, text.indexOf(' '))) > have.sequence);
    const oldest = stage.input.buffer.gops[0]?.packets[0];
    expect(missed).toContain(`#${oldest?.sequence} `);
    expect(missed).toContain(' key');
    stage.run(1_000);
    expect(remote.frames.slice(-50)).toEqual(stage.frames.slice(-50));
  });

  it('begins anew where another publication goes on', () => {
    const stage = new OwnerStage().publish().run(3_000);
    const remote = stage.join();
    remote.leave();
    stage.unpublish().publish().run(3_000);
    stage.join(remote, remote.reconnect());
    stage.run(500);
    expect(remote.input.position).toEqual(stage.input.position);
    expect(remote.input.buffer.gops.map(({ packets }) => packets.length)).toEqual(
      stage.input.buffer.gops.map(({ packets }) => packets.length),
    );
  });
});

describe("an encoder's data message", () => {
  const forged = { epoch: 7, sequence: 1, dts: 0, offset: 0 };
  const long = (name: string): Buffer => {
    const head = Buffer.from([0x0c, 0, 0, 0, name.length]);
    return Buffer.concat([head, Buffer.from(name), encodeAmf0(forged)]);
  };
  it.each<[name: string, payload: Buffer]>([
    ['a mark', encodeAmf0('understudy.mark', forged)],
    [
      'a health',
      encodeAmf0('understudy.health', { health: 'absent', detail: '', since: 0, arrivedAt: 0, losses: [] }),
    ],
    ['some name of ours', encodeAmf0('understudy.more')],
    ['a mark whose name is a long string', long('understudy.mark')],
    ['a mark behind @setDataFrame', encodeAmf0('@setDataFrame', 'understudy.mark', forged)],
    [
      'a mark behind more of them',
      encodeAmf0('@setDataFrame', '@setDataFrame', '@setDataFrame', 'understudy.mark', forged),
    ],
  ])('in the name of a host is not carried: %s', (_name, payload) => {
    const stage = new OwnerStage().publish().run(2_000);
    const remote = stage.join();
    stage.send(dataPacket(payload));
    stage.run(1_000);
    expect(remote.input.position).toEqual(stage.input.position);
    expect(remote.input.health).toBe('live');
    expect(remote.wire.filter((text) => text.startsWith('mark 7'))).toEqual([]);
    const hex = payload.toString('hex');
    expect(remote.frames).toEqual(sharedPart(stage, remote).filter((text) => !text.includes(hex)));
    expect(stage.frames.some((text) => text.includes(hex))).toBe(true);
  });
});

describe('a way that does not keep up', () => {
  const limits = { ...LIMITS, queueLimitBytes: 70_000 };

  it('costs the host packets up to a keyframe, and no other host anything', () => {
    const stage = new OwnerStage(limits).publish({ frameBytes: 1_000 }).run(3_000);
    const slow = stage.join();
    const other = stage.join();
    slow.isStuck = true;
    stage.run(4_000);
    expect(slow.pendingBytes).toBeLessThanOrEqual(limits.queueLimitBytes);
    slow.drain();
    slow.isStuck = false;
    const before = slow.wire.length;
    stage.run(2_000);
    expect(slow).toMatchObject({ queue: { skips: 1 } });
    const [mark, ...behind] = slow.wire.slice(before);
    expect(mark).toMatch(/^mark /);
    expect(behind.slice(0, 3)).toEqual(['metadata', 'header video', 'header audio']);
    const resumed = slow.frames.find((text) => text.startsWith(`${behind[3]} `));
    expect(resumed).toContain(' key');
    const all = sharedPart(stage, slow);
    expect(slow.frames.filter((text) => !all.includes(text))).toEqual([]);
    expect(slow.frames.slice(-20)).toEqual(all.slice(-20));
    expect(slow.frames.length).toBeLessThan(all.length - 50);
    expectTheSame(stage, other);
  });

  it('is bounded too where publications follow each other', () => {
    const stage = new OwnerStage(limits).publish({ frameBytes: 1_000 }).run(3_000);
    const slow = stage.join();
    slow.isStuck = true;
    for (let times = 0; times < 10; times += 1) stage.publish({ frameBytes: 1_000 }).run(2_000);
    // What is told of the health is small, and always told.
    expect(slow.pendingBytes).toBeLessThanOrEqual(limits.queueLimitBytes + 4_000);
    slow.drain();
    slow.isStuck = false;
    // It has not got anything of the last one yet, and does not show another's in its place.
    expect(slow.input.position.epoch).toBe(stage.input.position.epoch);
    expect(slow.input.buffer.gops).toEqual([]);
    expect(slow.input.health).toBe('starting');
    stage.run(2_000);
    expect(slow.input.position).toEqual(stage.input.position);
    expect(slow.frames.slice(-20)).toEqual(stage.frames.slice(-20));
  });

  it('is given up where nothing is taken at all', () => {
    const stage = new OwnerStage(limits).publish().run(2_000);
    const slow = stage.join();
    const other = stage.join();
    slow.isStuck = true;
    for (let second = 0; second < 9; second += 1) {
      stage.run(1_000);
      stage.feed.check(stage.clock.now());
    }
    expect(slow.closedWith).toEqual([]);
    for (let second = 0; second < 3; second += 1) {
      stage.run(1_000);
      stage.feed.check(stage.clock.now());
    }
    expect(slow.closedWith[0]).toBe('stuck: took nothing for 10000 ms');
    expect(other.closedWith).toEqual([]);
  });

  it('gets the recent past in half of its bound, and not more', () => {
    const stage = new OwnerStage({ ...LIMITS, queueLimitBytes: 100_000 });
    stage.publish({ frameBytes: 1_500 }).run(8_000);
    expect(stage.input.buffer.heldBytes).toBeGreaterThan(60_000);
    const remote = stage.join();
    expect(remote.bytes).toBeLessThan(60_000);
    expect(remote.input.health).toBe('live');
    stage.run(1_000);
    expectTheSame(stage, remote, 50);
  });
});

describe('what goes out', () => {
  it('is serialised once for all hosts', () => {
    const stage = new OwnerStage().publish().run(2_000);
    const [one, two, other] = [
      stage.join(),
      stage.join(),
      stage.join(new RemoteEnd(stage.clock, 2)),
    ] as const;
    for (const remote of [one, two, other]) remote.written.length = 0;
    stage.run(2_000);
    expect(one.written.length).toBeGreaterThan(50);
    expect(two.written.length).toBe(one.written.length);
    expect(one.written.every((bytes, index) => bytes === two.written[index])).toBe(true);
    // Another message stream has bytes of its own, and the same packets.
    expect(other.written.some((bytes) => one.written.includes(bytes))).toBe(false);
    expect(other.frames.slice(-90)).toEqual(one.frames.slice(-90));
  });

  it('costs twelve bytes for a packet, and a mark only where the clock changes', () => {
    const stage = new OwnerStage().publish({ frameBytes: 5_000 }).run(3_000);
    const remote = stage.join();
    const [bytes, lines] = [remote.bytes, remote.wire.length];
    stage.run(10_000);
    const packets = remote.wire.slice(lines);
    expect(packets.every((text) => text.startsWith('#'))).toBe(true);
    const payloads = remote.frames
      .slice(-packets.length)
      .reduce((sum, text) => sum + (text.split(' ').at(-1)?.length ?? 0) / 2, 0);
    const overhead = remote.bytes - bytes - payloads;
    expect(overhead).toBe(12 * packets.length);
    process.stdout.write(
      `${packets.length} packets, ${payloads} bytes, ${((100 * overhead) / payloads).toFixed(2)} % on top\n`,
    );
  });

  it('costs nothing while nobody takes it', () => {
    const stage = new OwnerStage().publish().run(2_000);
    const soon = jest.spyOn(stage.clock, 'soon');
    stage.run(500);
    expect(soon).not.toHaveBeenCalled();
    const remote = stage.join();
    stage.run(500);
    expect(soon).toHaveBeenCalled();
    expectTheSame(stage, remote, 50);
  });

  it('ends with a reason where the feed is closed', () => {
    const stage = new OwnerStage().publish().run(2_000);
    const remote = stage.join();
    stage.feed.close('the host stops');
    expect(remote.closedWith).toEqual(['the host stops']);
  });
});

describe('what travels beside the default tracks', () => {
  const message = (medium: 'video' | 'audio', text: string, timestamp: number) =>
    parseMedia(medium, bytes(text), timestamp);

  it('comes to the other host as it came to the owner', () => {
    const stage = new OwnerStage().publish();
    const sendBeside = (): void => {
      const { dts } = stage.input.buffer.gops.at(-1)?.packets.at(-1) ?? { dts: 0 };
      for (const packet of [
        ...message('video', "a6 01 'avc1' 02 000000 00000001 41", dts + 7),
        ...message('audio', "97 02 0f423f 05 01 'Opus' 01 fc", dts + 9),
        // A clock of its own: it stands where the last frame does.
        ...message('audio', "95 01 'Opus' 03 fc", 4_000_000_000),
      ]) {
        stage.send(packet);
      }
    };
    for (const packet of [
      ...message('audio', "95 00 'Opus' 01 'OpusHead' 0101 3801 80bb0000 0000 00", 0),
      ...message('video', "94 'avc1' 02 0009 'colorInfo' 06", 0),
    ]) {
      stage.send(packet);
    }
    stage.run(3_000);
    const early = stage.join();
    for (let step = 0; step < 200; step += 1) {
      sendBeside();
      stage.run(20);
    }
    const late = stage.join();
    sendBeside();
    stage.run(1_000);
    for (const remote of [early, late]) expectTheSame(stage, remote);
    expect(early.frames.filter((text) => text.includes('extra')).length).toBeGreaterThan(600);
    expect(early.input.headers.extras.map(({ extra }) => `${extra?.medium} ${extra?.trackId}`)).toEqual([
      'audio 1',
      'video 0',
    ]);
  });
});
