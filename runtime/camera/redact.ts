import type { CameraOrder } from './order.ts';

/** Longer lines are a peer's doing. */
const MAX_CHARACTERS = 300;
const HIDDEN = '***';

/**
 * Makes what a camera or third-party code said fit for a log: without the order's secrets in any form in which they
 * travel, without control characters, and not longer than a line.
 */
export function createRedactor({ login, streamKey }: CameraOrder): (text: string) => string {
  const secrets = [streamKey];
  if (login !== null) {
    const pair = `${login.user}:${login.password}`;
    secrets.push(login.password, pair, Buffer.from(pair).toString('base64'));
  }
  const forms = [...new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]))]
    .filter((form) => form !== '')
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const hidden = forms.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text);
    const printable = hidden.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
    return printable.length > MAX_CHARACTERS ? `${printable.slice(0, MAX_CHARACTERS)}…` : printable;
  };
}
