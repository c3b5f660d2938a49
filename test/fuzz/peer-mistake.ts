import { ProtocolError } from '../../runtime/codec/protocol-error.ts';

/** Runs something on a peer's bytes. A mistake of the peer's is no fault; null then. */
export function orPeerMistake<T>(action: () => T): T | null {
  try {
    return action();
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** Throws where something that we promise of a parser does not hold. */
export function promise(isKept: boolean, what: string): void {
  if (!isKept) throw new Error(`not kept: ${what}`);
}
