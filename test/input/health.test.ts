/** Health is a pure function of what arrived and the clock: each state, and the moment at which it begins. */
import { describe, expect, it } from '@jest/globals';
import { type Health, type HealthFacts, type HealthPolicy, healthOf } from '../../runtime/input/health.ts';
import type { StreamRates } from '../../runtime/input/stream-meter.ts';
import { EPOCH } from '../support/fake-clock.ts';

const NOW = EPOCH;
const POLICY: HealthPolicy = { stallTimeoutMs: 500, degradedAfterMs: 2_000, floor: {} };
const RATES: StreamRates = { videoKbps: 1_000, audioKbps: 96, frameRate: 25, gopMs: 2_000 };

/** An encoder that is well: every track delivered just now. */
const WELL: HealthFacts = {
  hasPublisher: true,
  isDecodable: true,
  lastProgressAt: NOW,
  isRunningAway: false,
  lastVideoAt: NOW,
  lastAudioAt: NOW,
  rates: RATES,
};

interface Case {
  readonly name: string;
  readonly facts?: Partial<HealthFacts>;
  readonly floor?: HealthPolicy['floor'];
  readonly health: Health;
  /** Parts of the text for people. */
  readonly detail?: readonly string[];
}

const cases: Case[] = [
  { name: 'all is well', health: 'live' },
  { name: 'no publisher', facts: { hasPublisher: false }, health: 'absent' },
  {
    name: 'no publisher any more, though its last packet just came',
    facts: { hasPublisher: false, lastProgressAt: NOW, isDecodable: true },
    health: 'absent',
  },
  {
    name: 'no keyframe yet',
    facts: { isDecodable: false },
    health: 'starting',
    detail: ['no decodable keyframe'],
  },
  {
    name: 'an encoder that takes its time before its first keyframe',
    facts: { isDecodable: false, lastProgressAt: NOW - 10_000 },
    health: 'starting',
  },
  { name: 'silent for just under the stall time-out', facts: { lastProgressAt: NOW - 499 }, health: 'live' },
  {
    name: 'silent for the stall time-out',
    facts: { lastProgressAt: NOW - 500 },
    health: 'stalled',
    detail: ['no new media for 500 ms'],
  },
  {
    name: 'packets whose timestamps stand still',
    facts: { lastProgressAt: NOW - 500, lastVideoAt: NOW, lastAudioAt: NOW },
    health: 'stalled',
  },
  {
    name: 'timestamps that run away',
    facts: { isRunningAway: true },
    health: 'stalled',
    detail: ['timestamps'],
  },
  { name: 'video missing for just under its time', facts: { lastVideoAt: NOW - 1_999 }, health: 'live' },
  {
    name: 'video missing, sound goes on',
    facts: { lastVideoAt: NOW - 2_000 },
    health: 'degraded',
    detail: ['no video'],
  },
  { name: 'sound missing for just under its time', facts: { lastAudioAt: NOW - 1_999 }, health: 'live' },
  {
    name: 'sound missing, video goes on',
    facts: { lastAudioAt: NOW - 2_000 },
    health: 'degraded',
    detail: ['no audio'],
  },
  { name: 'an encoder that never sent sound', facts: { lastAudioAt: null }, health: 'live' },
  { name: 'an encoder that never sent video', facts: { lastVideoAt: null }, health: 'live' },
  { name: 'a bit rate on its floor', floor: { videoKbps: 1_000 }, health: 'live' },
  {
    name: 'a bit rate under its floor',
    floor: { videoKbps: 1_001 },
    health: 'degraded',
    detail: ['1000 kbit/s', '1001'],
  },
  { name: 'a frame rate on its floor', floor: { frameRate: 25 }, health: 'live' },
  {
    name: 'a frame rate under its floor',
    floor: { frameRate: 25.1 },
    health: 'degraded',
    detail: ['25 frames/s', '25.1'],
  },
  {
    name: 'floors before anything is measured',
    facts: { rates: null },
    floor: { videoKbps: 9_999, frameRate: 99 },
    health: 'live',
  },
  {
    name: 'stalled outweighs degraded',
    facts: { lastProgressAt: NOW - 3_000, lastVideoAt: NOW - 3_000 },
    health: 'stalled',
  },
];

describe('health', () => {
  it.each(cases)('$name: $health', ({ facts, floor, health, detail = [] }) => {
    const reading = healthOf({ ...WELL, ...facts }, { ...POLICY, floor: floor ?? {} }, NOW);
    expect(reading.health).toBe(health);
    for (const part of detail) expect(reading.detail).toContain(part);
    if (health === 'live') expect(reading.detail).toBe('');
  });

  it.each([100, 500, 10_000])('takes the stall time-out from the policy: %i ms', (stallTimeoutMs) => {
    const at = (silentMs: number): Health =>
      healthOf(
        { ...WELL, lastProgressAt: NOW - silentMs, lastVideoAt: NOW, lastAudioAt: NOW },
        { ...POLICY, stallTimeoutMs },
        NOW,
      ).health;
    expect([at(stallTimeoutMs - 1), at(stallTimeoutMs)]).toEqual(['live', 'stalled']);
  });
});
