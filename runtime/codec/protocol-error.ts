/** What a peer did wrong, as a stable code that logs and tests can branch on. */
export type ProtocolErrorCode =
  | 'amf-malformed'
  | 'amf-too-deep'
  | 'amf-too-many-values'
  | 'amf-unsupported'
  | 'chunk-size'
  | 'command'
  | 'config-malformed'
  | 'flv-malformed'
  | 'handshake'
  | 'media-malformed'
  | 'message-too-large'
  | 'refused'
  | 'relay'
  | 'too-many-buffered-bytes'
  | 'too-many-bytes'
  | 'too-many-chunk-streams'
  | 'too-many-commands'
  | 'too-many-streams';

/** A peer's mistake. It costs that peer its own connection and nothing else. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}
