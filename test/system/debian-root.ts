import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Debian 12 has systemd 252, as Amazon Linux 2023 has. */
const SUITE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** curl and logrotate are on Amazon Linux 2023 too. */
const PACKAGES = ['systemd', 'systemd-sysv', 'curl', 'logrotate'];
/** Root's alone to write, unlike a folder for temporary files: what lies here is booted as root. */
const CACHE = '/var/cache/understudy';
const LEFT_OUT = ['./var/cache/apt/*', './var/lib/apt/lists/*', './usr/share/doc/*', './usr/share/locale/*'];

/** A new folder with a small Debian in it. The first one takes a minute; it is kept as an archive, and unpacked from then on. */
export function makeDebianRoot(): string {
  const id = createHash('sha256')
    .update(JSON.stringify([SUITE, PACKAGES, LEFT_OUT]))
    .digest('hex');
  const archive = join(CACHE, `${SUITE}-${id.slice(0, 12)}.tar`);
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(archive)) makeArchive(archive);
  const root = mkdtempSync('/var/tmp/understudy-machine-');
  execFileSync('tar', ['--extract', '--numeric-owner', '--file', archive, '--directory', root]);
  // Made for one user alone, as all temporary folders; the services inside run as others.
  chmodSync(root, 0o755);
  return root;
}

function makeArchive(archive: string): void {
  const folder = mkdtempSync(join(CACHE, 'debootstrap-'));
  const partial = `${archive}.${process.pid}.partial`;
  try {
    const options = ['--variant=minbase', `--include=${PACKAGES.join(',')}`, `--keyring=${KEYRING}`];
    execFileSync('debootstrap', [...options, SUITE, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const excluded = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
    execFileSync('tar', ['--create', '--file', partial, '--directory', folder, ...excluded, '.']);
    renameSync(partial, archive);
  } finally {
    rmSync(partial, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
