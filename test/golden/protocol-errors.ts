import { ProtocolError, type ProtocolErrorCode } from '../../runtime/codec/protocol-error.ts';

/** The code of the ProtocolError that `action` throws; null where it throws nothing. Other errors pass through. */
export function codeOf(action: () => unknown): ProtocolErrorCode | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}
