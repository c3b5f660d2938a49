/**
 * The cookie of who has logged in to the console: until when, signed with the token. Nothing is kept of it, so it outlives a
 * restart of the host, and ends with the token.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const SESSION_MS = 24 * 60 * 60_000;
const COOKIE = /^(\d{13,15})\.([A-Za-z0-9_-]{43})$/;
const NAME_LENGTH = 8;

/** `Set-Cookie` (RFC 6265bis, 5.5): not for scripts, and not sent from other sites. `now` in ms since the epoch. */
export function sessionCookie(token: string, now: number): string {
  const expiresAt = Math.round(now) + SESSION_MS;
  return cookie(token, `${expiresAt}.${signature(token, expiresAt)}`, SESSION_MS / 1_000);
}

/** The one that ends it. */
export function endedSession(token: string): string {
  return cookie(token, '', 0);
}

/** Whether the `Cookie` header of a request has a session of this token that goes on. */
export function hasSession(header: string | undefined, token: string, now: number): boolean {
  const name = `${cookieName(token)}=`;
  const value = header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(name))
    ?.slice(name.length);
  const [, expiresAt, signed] = COOKIE.exec(value ?? '') ?? [];
  if (expiresAt === undefined || signed === undefined || Number(expiresAt) <= now) return false;
  return timingSafeEqual(Buffer.from(signed), Buffer.from(signature(token, Number(expiresAt))));
}

function cookie(token: string, value: string, maxAgeSeconds: number): string {
  return `${cookieName(token)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict`;
}

/** Browsers do not tell ports apart here: two hosts on one machine must not take each other's. */
function cookieName(token: string): string {
  return `understudy-${mac(token, 'cookie')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, NAME_LENGTH)}`;
}

function signature(token: string, expiresAt: number): string {
  return mac(token, `session\n${expiresAt}`);
}

function mac(token: string, text: string): string {
  return createHmac('sha256', token).update(`understudy-console-1\n${text}`).digest('base64url');
}
