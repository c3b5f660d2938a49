/**
 * Runs before `npm run test:system`: those tests boot a real systemd and make network namespaces, so they need root and
 * some Debian packages. Installs the packages that are missing where it may; where it may not, it says so and fails: a
 * system test that is skipped would look like one that has passed.
 */
import { spawnSync } from 'node:child_process';

/** What each is for. */
const PACKAGES = {
  curl: 'asks a host in its namespace',
  debootstrap: 'makes the small Debian that the host bundle is booted in',
  iproute2: 'network namespaces, bridges and links (ip, bridge)',
  iptables: 'counts the bytes between two hosts',
  shellcheck: 'reads the user data of the hosts on AWS',
  'systemd-container': 'systemd-nspawn boots that Debian',
};

const needs = `npm run test:system needs root on Debian or Ubuntu, and the packages ${Object.keys(PACKAGES).join(', ')}`;

/** The packages that dpkg does not know as installed; null where there is no dpkg. */
function missingPackages() {
  const missing = [];
  for (const name of Object.keys(PACKAGES)) {
    const query = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
    if (query.error !== undefined) return null;
    if (!query.stdout.includes('\nStatus: install ok installed\n')) missing.push(name);
  }
  return missing;
}

/** Throws where apt-get fails; what it says goes to stderr. */
function aptGet(...aptArguments) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error } = spawnSync('apt-get', aptArguments, { env, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`apt-get ${aptArguments.join(' ')} failed: ${error?.message ?? status}`);
}

function main() {
  const missing = missingPackages();
  if (process.getuid?.() !== 0) throw new Error(`${needs}. This is not root.`);
  if (missing === null) throw new Error(`${needs}. There is no dpkg here.`);
  if (missing.length === 0) return;
  for (const name of missing) console.error(`system-packages: ${name} is missing: ${PACKAGES[name]}`);
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', ...missing);
}

try {
  main();
} catch (error) {
  console.error(`system-packages: ${error.message}`);
  process.exitCode = 1;
}
