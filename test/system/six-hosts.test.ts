import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FfmpegViewer } from '../support/ffmpeg-peers.ts';
import type { ViewerReport } from '../support/ffmpeg-viewer.ts';
import { eventually } from './eventually.ts';
import { bytesTable, type RelayedBytes, relayedBytes } from './relayed-bytes.ts';
import { comparePackets, type PacketComparison } from './same-packets.ts';
import { alignedRows, noticed, scenarioTable } from './scenario-table.ts';
import {
  CAMERAS,
  type Camera,
  DRAIN_TIMEOUT_MS,
  HOSTS,
  type HostName,
  ownerOf,
  playUrl,
  SixHosts,
  type Watch,
  watch,
} from './six-hosts.ts';
import type { WatchedReport } from './viewer-protocol.ts';

// Six hosts on six machines (three take a master each, one takes the backup, two are edges), each running the bundle, with
// FFmpeg as encoders and viewers everywhere. Encoders, hosts and links are lost and come back; viewers on other hosts
// must notice nothing. All tests share the hosts: each begins and ends with everything normal.

const TEST_MS = 150_000;
const START_MS = 180_000;
const WAIT_MS = 20_000;
/** What is on air from the backup while a scenario lasts, so that it is not only the splice that is seen. */
const BACKUP_FRAMES = 60;
const MORE_THAN_A_GOP = 40;
/** Of packets that differ, so many are shown where a test fails. */
const SHOWN = 5;

/** Every host serves viewers; edges and other hosts serve programs that they do not own. */
const AUDIENCE: readonly Watch[] = [
  ...CAMERAS.map((camera) => watch(ownerOf(camera), camera, 'rtmp')),
  watch('two', 'camera1', 'rtmp'),
  watch('three', 'camera2', 'flv'),
  watch('four', 'camera3', 'rtmp'),
  ...CAMERAS.flatMap((camera) => [watch('edge1', camera, 'rtmp'), watch('edge1', camera, 'flv')]),
  watch('edge2', 'camera1', 'flv'),
  watch('edge2', 'camera2', 'rtmp'),
  watch('edge2', 'camera3', 'flv'),
];
/** These decode everything, from the first scenario to the last. */
const DECODED: readonly Watch[] = [watch('edge2', 'camera1', 'rtmp'), watch('edge2', 'camera2', 'flv')];

describe('six hosts on six machines', () => {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-six-hosts-'));
  const decoders: FfmpegViewer[] = [];
  let six: SixHosts;

  beforeAll(async () => {
    six = await SixHosts.start(directory);
    await six.normal();
  }, START_MS);

  afterAll(async () => {
    await Promise.all(decoders.map((decoder) => decoder.kill()));
    await six?.stop();
    rmSync(directory, { recursive: true, force: true });
  }, TEST_MS);

  const test = (name: string, body: () => Promise<void>): void => {
    it(
      name,
      () =>
        body().catch((error: unknown) => {
          print(`The ends of the hosts' logs:\n${six.lastLines}`);
          throw error;
        }),
      TEST_MS,
    );
  };

  const framesOf = async (watches: readonly Watch[]): Promise<number[]> => {
    const reports = await six.viewers.report();
    return watches.map(({ viewer }) => reports.get(viewer)?.report.video.frames ?? 0);
  };

  /** Waits until each of these viewers has got so many more frames. */
  const moreFrames = async (watches: readonly Watch[], count: number): Promise<void> => {
    const before = await framesOf(watches);
    await eventually({ what: `all get ${count} frames more`, withinMs: WAIT_MS }, async () => {
      const now = await framesOf(watches);
      const slow = watches.find((_, index) => (now[index] ?? 0) - (before[index] ?? 0) < count);
      return slow === undefined ? null : `${slow.viewer} does not`;
    });
  };

  const audienceExcept = (hosts: readonly HostName[]): Watch[] =>
    AUDIENCE.filter(({ host }) => !hosts.includes(host));

  /** From normal to normal; `hosts` are those that may lose their viewers. Resolves to what the viewers saw. */
  const scenario = async (
    title: string,
    hosts: readonly HostName[],
    happens: () => Promise<void>,
  ): Promise<ReadonlyMap<string, WatchedReport>> => {
    await six.repair();
    await six.seat(AUDIENCE);
    await six.normal();
    await six.viewers.mark();
    // With a keyframe among them, from which on packets can be compared.
    await moreFrames(AUDIENCE, MORE_THAN_A_GOP);
    await happens();
    await six.normal(hosts);
    const elsewhere = audienceExcept(hosts);
    await moreFrames(elsewhere, BACKUP_FRAMES);
    const reports = await six.viewers.report();
    print(scenarioTable(title, reports.values()));
    expect(elsewhere.flatMap((one) => complaints(one, reports))).toEqual([]);
    return reports;
  };

  /** These viewers saw these cameras on the backup and back, and no switch in any other. */
  const expectSwitches = (
    reports: ReadonlyMap<string, WatchedReport>,
    watches: readonly Watch[],
    lost: readonly Camera[],
  ): void => {
    for (const { viewer, camera } of watches) {
      const seen = reports.get(viewer)?.report.switches.map(({ source }) => source);
      const expected = lost.includes(camera) ? ['backup/spare', `master/${camera}`] : [];
      expect({ viewer, seen }).toEqual({ viewer, seen: expected });
    }
  };

  const onBackup = async (cameras: readonly Camera[], lost: readonly HostName[]): Promise<void> => {
    const hosts = HOSTS.map(({ name }) => name).filter((name) => !lost.includes(name));
    await six.showing({ source: () => 'backup/spare', cameras, hosts });
    await moreFrames(audienceExcept(lost), BACKUP_FRAMES);
  };

  test('carries one copy of an input between two hosts, for one viewer and for twelve', async () => {
    const first = watch('edge1', 'camera1', 'rtmp');
    const twelve = CAMERAS.flatMap((camera) =>
      (['rtmp', 'flv', 'rtmp', 'flv'] as const).map((protocol, index) => ({
        ...watch('edge1', camera, protocol),
        viewer: `${camera}, number ${index}`,
      })),
    );
    /** Once they have their pictures, and the edge has the past of its inputs. */
    const bytesFor = async (watches: readonly Watch[]): Promise<RelayedBytes> => {
      await six.join(...watches);
      await six.normal();
      await moreFrames(watches, 60);
      const bytes = await relayedBytes(six, () => moreFrames(watches, 180));
      await six.leave(...watches);
      return bytes;
    };
    const few = await bytesFor([first]);
    const many = await bytesFor(twelve);
    print(bytesTable(few, many));

    // FFmpeg sends each packet in a segment of its own, relays send what there is: headers of TCP make them differ.
    const aboutOneCopy = (bytes: number, input: number): void => {
      expect(bytes / input).toBeGreaterThan(0.6);
      expect(bytes / input).toBeLessThan(1.25);
    };
    aboutOneCopy(few.toEdge.one, few.inputs.one);
    aboutOneCopy(few.toEdge.four, few.inputs.four);
    for (const host of ['two', 'three'] as const) {
      expect(few.toEdge[host]).toBeLessThan(few.inputs[host] * 0.1);
    }
    for (const host of ['one', 'two', 'three', 'four'] as const) {
      aboutOneCopy(many.toEdge[host], many.inputs[host]);
    }
    for (const owner of ['one', 'two', 'three'] as const) {
      aboutOneCopy(many.pushed[owner], many.inputs.four);
      expect(many.back[owner]).toBeLessThan(many.inputs.four * 0.5);
    }
    expect(many.toViewers).toBeGreaterThan(8 * many.inputs.one);
  });

  test('seats the audience', async () => {
    await six.seat(AUDIENCE);
    for (const [index, one] of DECODED.entries()) {
      decoders.push(new FfmpegViewer(playUrl(one), reportFile(directory, index), six.onViewers));
    }
    await Promise.all(decoders.map(({ begun }) => begun));
    await six.normal();
    await moreFrames(AUDIENCE, 10);
  });

  test("a master's encoder is killed: all hosts put out the same packets, there and back", async () => {
    const encoder = six.encoder('master/camera1');
    const reports = await scenario("camera1's encoder killed", [], async () => {
      await encoder.kill();
      await onBackup(['camera1'], []);
      encoder.start();
    });
    expectSwitches(reports, AUDIENCE, ['camera1']);

    const owner = await six.viewers.packets(watch('one', 'camera1', 'rtmp').viewer);
    const others = [
      watch('edge1', 'camera1', 'rtmp'),
      watch('edge1', 'camera1', 'flv'),
      watch('edge2', 'camera1', 'flv'),
      watch('two', 'camera1', 'rtmp'),
    ];
    const comparisons = new Map<string, PacketComparison>();
    for (const { viewer } of others) {
      comparisons.set(viewer, comparePackets(owner, await six.viewers.packets(viewer)));
    }
    print(comparisonTable(comparisons));
    for (const [viewer, comparison] of comparisons) {
      const { compared, same, moved, onlyInFirst, onlyInSecond, squeezed } = comparison;
      expect({
        viewer,
        same,
        moved: moved.slice(0, SHOWN),
        onlyInFirst: onlyInFirst.slice(0, SHOWN),
        onlyInSecond: onlyInSecond.slice(0, SHOWN),
      }).toEqual({
        viewer,
        same: compared,
        moved: [],
        onlyInFirst: [],
        onlyInSecond: [],
      });
      expect(compared).toBeGreaterThan(300);
      expect(squeezed).toBeGreaterThan(0);
    }
  });

  test("a master's host is killed", async () => {
    const reports = await scenario('host one killed', ['one'], async () => {
      await six.host('one').kill();
      await onBackup(['camera1'], ['one']);
      await six.host('one').start();
    });
    expectSwitches(reports, audienceExcept(['one']), ['camera1']);
  });

  test("a master's host loses its link without a reset", async () => {
    const reports = await scenario('link of host two cut', ['two'], async () => {
      six.network.cut('two');
      await onBackup(['camera2'], ['two']);
      six.network.mend('two');
    });
    expectSwitches(reports, audienceExcept(['two']), ['camera2']);
  });

  test("the backup's host is killed", async () => {
    const reports = await scenario('host four killed', ['four'], async () => {
      await six.host('four').kill();
      await moreFrames(audienceExcept(['four']), BACKUP_FRAMES);
      await six.host('four').start();
    });
    expectSwitches(reports, audienceExcept(['four']), []);
  });

  test('an edge is drained under its viewers', async () => {
    const own = AUDIENCE.filter(({ host }) => host === 'edge1');
    const movers = own.slice(1);
    const reports = await scenario('edge1 drained', ['edge1'], async () => {
      const edge = six.host('edge1');
      const startedAt = performance.now();
      const ended = edge.drain();
      await eventually({ what: 'edge1 drains', withinMs: WAIT_MS }, async () => {
        const health = await edge.health();
        return health === 'draining' ? null : health;
      });
      await expect(
        six.viewers.start('a new one', playUrl(watch('edge1', 'camera1', 'rtmp'))),
      ).rejects.toThrow();
      await expect(
        six.viewers.start('a new one', playUrl(watch('edge1', 'camera1', 'flv'))),
      ).rejects.toThrow();
      // Viewers that are there go on as if nothing was; then all but one go elsewhere.
      await moreFrames(own, BACKUP_FRAMES);
      const meanwhile = await six.viewers.report();
      expect(own.flatMap((one) => complaints(one, meanwhile))).toEqual([]);
      await six.join(...movers.map(elsewhere));
      await six.leave(...movers);
      const end = await ended;
      const drainedMs = performance.now() - startedAt;
      print(`  edge1 ended ${Math.round(drainedMs)} ms after SIGTERM, exit status ${end.code}\n`);
      expect(end).toEqual({ code: 0, signal: null });
      expect(drainedMs).toBeGreaterThanOrEqual(DRAIN_TIMEOUT_MS - 500);
      await edge.start();
    });
    expect(movers.map(elsewhere).flatMap((one) => complaints(one, reports))).toEqual([]);
    expectSwitches(reports, audienceExcept(['edge1']), []);
  });

  test("two masters' hosts are lost at once", async () => {
    const lost = ['two', 'three'] as const;
    const reports = await scenario('hosts two and three lost', lost, async () => {
      // As in a power cut: nobody is told.
      for (const name of lost) six.network.cut(name);
      await Promise.all(lost.map((name) => six.host(name).kill()));
      await onBackup(['camera2', 'camera3'], lost);
      for (const name of lost) six.network.mend(name);
      await Promise.all(lost.map((name) => six.host(name).start()));
    });
    expectSwitches(reports, audienceExcept(lost), ['camera2', 'camera3']);
  });

  test('FFmpeg has decoded everything without an error', async () => {
    const reports: ViewerReport[] = [];
    for (const decoder of decoders) reports.push(await decoder.leave());
    print(decoderTable(reports));
    for (const { endedBy, errors, errorCount, corruptFrames, framesDecoded } of reports) {
      expect({ endedBy, errors, errorCount, corruptFrames }).toEqual({
        endedBy: 'signal',
        errors: [],
        errorCount: 0,
        corruptFrames: 0,
      });
      expect(framesDecoded.video).toBeGreaterThan(1_000);
    }
  });
});

function complaints({ viewer }: Watch, reports: ReadonlyMap<string, WatchedReport>): string[] {
  const watched = reports.get(viewer);
  return watched === undefined
    ? [`${viewer}: is not there`]
    : noticed(watched).map((what) => `${viewer}: ${what}`);
}

/** The same viewer on the other edge. */
function elsewhere(one: Watch): Watch {
  return { ...one, host: 'edge2', viewer: `${one.viewer}, moved to edge2` };
}

function reportFile(directory: string, index: number): string {
  return join(directory, `decoder-${index}.json`);
}

function comparisonTable(comparisons: ReadonlyMap<string, PacketComparison>): string {
  const rows = [...comparisons].map(([viewer, c]) => [
    viewer,
    `${c.compared}`,
    `${c.same}`,
    `${c.squeezed}`,
    `${c.moved.length}`,
    `${c.onlyInFirst.length}`,
    `${c.onlyInSecond.length}`,
    `${c.constantMs} ms`,
  ]);
  const head = [
    "camera1 on its owner's host, and",
    'packets',
    'the same',
    'squeezed',
    'moved',
    'missing',
    'more',
    'starts apart',
  ];
  return `\n${alignedRows([head, ...rows])}\n`;
}

function decoderTable(reports: readonly ViewerReport[]): string {
  const rows = reports.map((report) => [
    report.url,
    `${report.framesDecoded.video} and ${report.framesDecoded.audio}`,
    `${report.errorCount}`,
    `${report.corruptFrames}`,
    report.endedBy,
  ]);
  return `\n${alignedRows([['FFmpeg on', 'frames', 'errors', 'corrupt', 'ended by'], ...rows])}\n`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
