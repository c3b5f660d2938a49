import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in constant time; hashed first, since timingSafeEqual wants equal lengths and a length tells something too. */
export function secretsMatch(expected: string, given: string): boolean {
  const sha256 = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(sha256(expected), sha256(given));
}
