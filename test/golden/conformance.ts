import type { ConformanceCase } from './conformance/case.ts';
import { chunkCases } from './conformance/chunks.ts';
import { handshakeCases } from './conformance/handshakes.ts';
import { playerCases } from './conformance/players.ts';
import { publisherCases } from './conformance/publishers.ts';
import { valueCases } from './conformance/values.ts';

/** What encoders and players of the field do, and what comes of it. One row of docs/compatibility.md has one case at least. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...handshakeCases,
  ...publisherCases,
  ...chunkCases,
  ...valueCases,
  ...playerCases,
];
