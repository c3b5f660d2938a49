/** The certificate of the RTMPS listener: read at the start, and again when it has changed. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from './contract/config.ts';
import { readSecret } from './keys.ts';
import type { Cancel, Clock } from './media/clock.ts';
import type { TlsIdentity } from './rtmp/server.ts';

export type CertificateConfig = Exclude<Config['rtmps'], false>;

interface Surroundings {
  /** Where the configuration stands. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Often enough for a renewal that comes once in months, and cheap. */
const LOOK_MS = 10_000;

/** Throws an Error that names the key of the configuration and the file. */
export function readCertificate(config: CertificateConfig, { directory, env }: Surroundings): TlsIdentity {
  const file = resolve(directory, config.certificate);
  const found = readSecret('rtmps.privateKey', config.privateKey, { directory, env });
  if ('problem' in found) throw new Error(`${found.problem.key}: ${found.problem.fix}`);
  try {
    return { cert: readFileSync(file, 'utf8'), key: found.secret };
  } catch (cause) {
    throw new Error(`rtmps.certificate: ${file} cannot be read; give a PEM file`, { cause });
  }
}

export interface Renewal {
  readonly read: () => TlsIdentity;
  /** Takes up a new identity; throws where it is none. */
  readonly renew: (identity: TlsIdentity) => void;
  readonly onRenewed: () => void;
  /** Once for each that cannot be taken up: the old one goes on. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Reads again and again, by content: files are renewed by links (certbot), by copies, or in two steps, of which the first
 * leaves a certificate and a key that do not belong together.
 */
export function watchCertificate(first: TlsIdentity, clock: Clock, renewal: Renewal): Cancel {
  let seen = textOf(first);
  let failure = '';
  return clock.every(LOOK_MS, () => {
    try {
      const identity = renewal.read();
      if (textOf(identity) === seen) return;
      seen = textOf(identity);
      failure = '';
      renewal.renew(identity);
      renewal.onRenewed();
    } catch (error) {
      if (String(error) === failure) return;
      failure = String(error);
      renewal.onFailed(error);
    }
  });
}

function textOf({ cert, key }: TlsIdentity): string {
  return `${cert}\n${key}`;
}
