/** What of a configuration may be shown: people paste stream keys into the wrong places. */
import { CUT, distance } from './wording.ts';

/** Stands for what may be a secret. */
export const HIDDEN = '(hidden)';

const SHOWN_DEPTH = 4;
const SECRET_NAME = /key|secret|passw|passphrase|pwd|token|credential|auth|login|signature/i;
const SECRET_IN_TEXT =
  /((?:key|secret|passw|passphrase|pwd|token|credential|auth|login|signature)[\w-]*[=:])[^&\s]+/gi;
const PASSWORD_IN_URL = /\/\/[^/\s]*@/g;

/** `kye` holds what was meant for `key`. */
export function isSecretName(step: string | number): boolean {
  return typeof step === 'string' && (SECRET_NAME.test(step) || distance(step.toLowerCase(), 'key') <= 1);
}

/** The value at `path` as far as it may be shown. */
export function shown(value: unknown, path: readonly (string | number)[]): unknown {
  if (value === undefined) return undefined;
  // A file that is nothing but a text or a number may well be a key file, named by mistake.
  const isBare = path.length === 0 && typeof value !== 'object';
  return isBare || path.some(isSecretName) ? HIDDEN : withoutSecrets(value, 0);
}

function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return textWithoutSecrets(value);
  if (typeof value === 'object' && value !== null) {
    if (depth === SHOWN_DEPTH) return CUT;
    if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
    const entries = Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) ? HIDDEN : withoutSecrets(inner, depth + 1),
    ]);
    return Object.fromEntries(entries);
  }
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : typeof value;
}

/** `rtmp://host/live/camera1?key=…`, pasted where only a name belongs. */
export function textWithoutSecrets(text: string): string {
  return text.replace(SECRET_IN_TEXT, `$1${HIDDEN}`).replace(PASSWORD_IN_URL, `//${HIDDEN}@`);
}
