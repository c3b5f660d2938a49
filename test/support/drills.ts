import type { Attacker } from './attacker.ts';
import * as attacks from './attacks.ts';

/** What can be seen of the host under attack. */
export interface Site {
  /** Why the host closed the attacker's connections, as it logs it. */
  closings(): readonly string[];
  /** Of the viewers of the program that is attacked. */
  skips(): Promise<number>;
  /** What the attacker's connections have read. */
  readBytes(): number;
}

/** An attack, and what the host does about it. */
export interface Drill {
  readonly name: string;
  readonly attack: (attacker: Attacker, isEnough: () => Promise<boolean>) => Promise<unknown>;
  /** The reason for which the host closes each connection. Without it, or one of the next two, it lets them be. */
  readonly closedFor?: RegExp;
  /** The limit for which connections are turned away, closed or slowed down. */
  readonly limit?: string;
  /** Of an attack that goes on until the host does something. */
  readonly isEnough?: (site: Site) => Promise<boolean>;
  /** New viewers come meanwhile. */
  readonly isJoined?: boolean;
  /** What the host may take, resident. */
  readonly memoryMb: number;
}

export const DRILLS: readonly Drill[] = [
  { name: 'no tcUrl', attack: attacks.connectWithoutTcUrl, memoryMb: 400 },
  {
    name: 'no stream name',
    attack: attacks.publishAndPlayWithoutName,
    closedFor: /^refused: (publish|play) names no stream/,
    memoryMb: 400,
  },
  {
    name: 'wrong types in commands',
    attack: attacks.commandsOfWrongTypes,
    closedFor: /^(refused|command): /,
    memoryMb: 400,
  },
  {
    name: 'wrong types where they do not matter',
    attack: attacks.ignoredCommandsOfWrongTypes,
    memoryMb: 400,
  },
  {
    name: 'chunk size 0',
    attack: (attacker) => attacks.chunkSize(attacker, 0),
    closedFor: /^chunk-size: chunk size 0/,
    memoryMb: 400,
  },
  {
    name: 'chunk size 2^31',
    attack: (attacker) => attacks.chunkSize(attacker, 2 ** 31),
    closedFor: /^chunk-size: chunk size 2147483648/,
    memoryMb: 400,
  },
  {
    name: '16 MB messages on 65,000 chunk streams, without a key',
    attack: (attacker) => attacks.messagesBegunByStrangers(attacker, attacks.LONGEST_MESSAGE_BYTES),
    closedFor: /^message-too-large: /,
    memoryMb: 400,
  },
  {
    name: '64 KiB messages on 65,000 chunk streams, without a key',
    attack: (attacker) => attacks.messagesBegunByStrangers(attacker, attacks.LONGEST_COMMAND_BYTES),
    closedFor: /^too-many-buffered-bytes: /,
    memoryMb: 400,
  },
  {
    name: '129 B messages on 65,000 chunk streams, without a key',
    attack: (attacker) => attacks.messagesBegunByStrangers(attacker, 129),
    closedFor: /^too-many-chunk-streams: /,
    memoryMb: 400,
  },
  {
    name: '16 MB messages on 65,000 chunk streams, with the key',
    attack: (attacker) => attacks.messagesBegunByPublisher(attacker, attacks.LONGEST_MESSAGE_BYTES),
    closedFor: /^message-too-large: /,
    memoryMb: 400,
  },
  {
    name: '8 MiB messages on 65,000 chunk streams, with the key',
    attack: (attacker) => attacks.messagesBegunByPublisher(attacker, 8_388_608),
    closedFor: /^too-many-buffered-bytes: /,
    memoryMb: 400,
  },
  {
    name: '64 KiB messages begun by 900 strangers, two each',
    attack: (attacker) => attacks.messagesBegunTogether(attacker, 900),
    limit: 'strangersBytes',
    memoryMb: 500,
  },
  {
    name: 'truncated AMF',
    attack: attacks.truncatedAmf,
    closedFor: /^(amf-malformed|command|refused): /,
    memoryMb: 400,
  },
  {
    name: 'endless AMF',
    attack: attacks.endlessAmf,
    closedFor: /^(amf-[a-z-]+|message-too-large|refused): /,
    memoryMb: 400,
  },
  { name: 'empty audio and video', attack: attacks.emptyMedia, memoryMb: 400 },
  {
    name: 'empty sequence headers',
    attack: attacks.emptyHeaders,
    closedFor: /^(config-malformed|media-malformed): /,
    memoryMb: 400,
  },
  {
    name: 'half a handshake, then silence, 1,000 times',
    attack: (attacker) => attacks.halfHandshakes(attacker, 1_000),
    // Those who join take places, too.
    closedFor: /^(handshake-timeout: |socket: more than limits\.handshakes )/,
    isJoined: true,
    memoryMb: 400,
  },
  {
    name: '1,000 connections a second that say nothing',
    attack: (attacker) =>
      attacks.connectionsPerSecond(attacker, { perSecond: 1_000, seconds: 4, words: 'none' }),
    limit: 'handshakes',
    isJoined: true,
    memoryMb: 500,
  },
  {
    name: '1,000 connections a second that connect and stay',
    attack: (attacker) =>
      attacks.connectionsPerSecond(attacker, { perSecond: 1_000, seconds: 4, words: 'handshake' }),
    limit: 'connectionsPerAddress',
    isJoined: true,
    memoryMb: 500,
  },
  {
    name: 'a stranger that sends what nobody wants',
    attack: (attacker) => attacks.uselessMessages(attacker, 4),
    closedFor: /^too-many-bytes: /,
    memoryMb: 400,
  },
  {
    name: 'a publisher without the right key, as fast as it can',
    attack: (attacker) => attacks.videoFloodWithoutKey(attacker, 4),
    closedFor: /^refused: wrong key/,
    memoryMb: 400,
  },
  {
    name: 'a publisher as fast as it can',
    attack: (attacker) => attacks.videoFlood(attacker, 8),
    limit: 'publisherKbps',
    memoryMb: 600,
  },
  {
    name: 'viewers that acknowledge nothing',
    attack: (attacker, isEnough) =>
      attacks.slowViewers(attacker, { count: 2, readBytesPerSecond: Number.POSITIVE_INFINITY, isEnough }),
    // More than a window of acknowledgement, which the host announces as 2.5 MB.
    isEnough: async (site) => site.readBytes() > 10_000_000,
    memoryMb: 500,
  },
  {
    name: 'viewers that read nothing',
    attack: (attacker, isEnough) =>
      attacks.slowViewers(attacker, { count: 10, readBytesPerSecond: 0, isEnough }),
    isEnough: async (site) => site.closings().filter((reason) => reason.startsWith('stuck: ')).length === 10,
    memoryMb: 500,
  },
  {
    name: 'viewers that read 20 kB/s',
    attack: (attacker, isEnough) =>
      attacks.slowViewers(attacker, { count: 10, readBytesPerSecond: 20_000, isEnough }),
    isEnough: async (site) => (await site.skips()) >= 10,
    memoryMb: 500,
  },
];
