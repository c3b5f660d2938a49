import type { AmfObject, AmfValue } from '../codec/amf0.ts';
import { asMetadata, asObject } from '../codec/data-message.ts';
import type { Extensions } from '../codec/media-message.ts';

// E-RTMP v2, "Enhancing NetConnection connect Command": both sides say in connect, or in its answer, what they can do.

/** Bits of `capsEx`. */
const CAN_RECONNECT = 0x01;
const CAN_MULTITRACK = 0x02;
const CAN_MOD_EX = 0x04;
const CAN_TIMESTAMP_NANO_OFFSET = 0x08;
/** A bit of `videoFunction`: VideoPacketType.Metadata. */
const CAN_VIDEO_METADATA = 0x04;
/** A bit of the values in `videoFourCcInfoMap` and `audioFourCcInfoMap`. */
const CAN_FORWARD = 0x04;

/** Codecs that are forwarded, by name: some encoders look for theirs, and know no wildcard. */
const FOURCCS = [
  ...['avc1', 'hvc1', 'av01', 'vp09', 'vp08'],
  ...['mp4a', 'Opus', 'ac-3', 'ec-3', 'fLaC', '.mp3'],
];
const ANY_CODEC: AmfObject = { '*': CAN_FORWARD };
const ANY_MEDIA: AmfObject = { videoFourCcInfoMap: ANY_CODEC, audioFourCcInfoMap: ANY_CODEC };
const MEDIA_CAPS = CAN_MULTITRACK | CAN_MOD_EX | CAN_TIMESTAMP_NANO_OFFSET;

/** What the other end has said that it can do. */
export interface Capabilities extends Extensions {
  /** It follows a ReconnectRequest; a server: it sends them. */
  readonly reconnect: boolean;
}

export const NO_CAPABILITIES: Capabilities = {
  reconnect: false,
  multitrack: false,
  modEx: false,
  metadata: false,
};

/** Reads them from connect's command object, or from its answer. What is missing or of another type, it cannot do. */
export function readCapabilities(parameters: AmfObject): Capabilities {
  const capsEx = bits(parameters.capsEx);
  return {
    reconnect: (capsEx & CAN_RECONNECT) !== 0,
    multitrack: (capsEx & CAN_MULTITRACK) !== 0,
    modEx: (capsEx & CAN_MOD_EX) !== 0,
    metadata: (bits(parameters.videoFunction) & CAN_VIDEO_METADATA) !== 0,
  };
}

/** What a server adds to its answer: nothing for clients that said nothing of Enhanced RTMP, which may trip over it. */
export function answerCapabilities(parameters: AmfObject): AmfObject {
  const isList = Array.isArray(parameters.fourCcList);
  const { videoFourCcInfoMap, audioFourCcInfoMap } = parameters;
  const isMap = [videoFourCcInfoMap, audioFourCcInfoMap].some((map) => asMetadata(map) !== null);
  const hasCaps = typeof parameters.capsEx === 'number';
  return {
    ...(isList && { fourCcList: FOURCCS }),
    ...(isMap && ANY_MEDIA),
    ...(hasCaps && { capsEx: CAN_RECONNECT | MEDIA_CAPS }),
  };
}

/** What a client of ours says in connect. */
export function offerCapabilities({ reconnect }: Pick<Capabilities, 'reconnect'>): AmfObject {
  return {
    fourCcList: ['*'],
    ...ANY_MEDIA,
    capsEx: (reconnect ? CAN_RECONNECT : 0) | MEDIA_CAPS,
    videoFunction: CAN_VIDEO_METADATA,
  };
}

/** The server's capabilities, in the first or the second object of its answer: both are seen. */
export function readAnswer(args: readonly AmfValue[]): Capabilities {
  const answer: AmfObject = { ...asObject(args[1]), ...asObject(args[0]) };
  // Of Metadata a server says nothing: it is of the first version of Enhanced RTMP.
  const isEnhanced = answer.capsEx !== undefined || answer.fourCcList !== undefined;
  return { ...readCapabilities(answer), metadata: isEnhanced };
}

function bits(value: AmfValue): number {
  return typeof value === 'number' ? value : 0;
}
