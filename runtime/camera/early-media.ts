import type { RelaySession } from 'node-media-server';

/** What a camera sends within one turn of the event loop, and more. */
const MAX_HELD = 4_096;

/**
 * Keeps what a camera sends together with its answer to PLAY, or a server with its answer to `play`. Node-media-server
 * takes the answer a turn later than the media behind it: it would fall over RTP, and lose RTMP's sequence headers,
 * which come once.
 */
export function keepEarlyMedia(session: RelaySession): void {
  const { rtspClient, rtmpClient } = session;
  if (typeof rtspClient?.onRtpDataCallback === 'function') {
    const deliver = rtspClient.onRtpDataCallback;
    rtspClient.onRtpDataCallback = heldUntilReady(session, deliver, (channel, data) => [channel, data]);
  }
  if (typeof rtmpClient?.onPacketCallback === 'function') {
    const deliver = rtmpClient.onPacketCallback;
    // The client reads the next message into the same buffer.
    rtmpClient.onPacketCallback = heldUntilReady<[packet: { readonly data: Buffer }]>(
      session,
      deliver,
      (packet) => [{ ...packet, data: Buffer.from(packet.data) }],
    );
  }
}

/** Passes calls on once the session has where to put them; those before then are kept, in order. */
function heldUntilReady<Args extends unknown[]>(
  session: RelaySession,
  deliver: (...args: Args) => void,
  keep: (...args: Args) => Args,
): (...args: Args) => void {
  let held: Args[] = [];
  return (...args) => {
    if (session.broadcast === null || session.broadcast === undefined) {
      if (held.length < MAX_HELD) held.push(keep(...args));
      return;
    }
    for (const early of held) deliver(...early);
    held = [];
    deliver(...args);
  };
}
