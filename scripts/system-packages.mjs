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

/** Encoders, players and relays that test/system/interop.test.ts tries, where there are such packages. */
const PEERS = {
  ffmpeg: 'as an encoder, a player, and at the other side of relays',
  'gstreamer1.0-tools': 'as an encoder and a player: gst-launch-1.0',
  'gstreamer1.0-plugins-good': 'its FLV',
  'gstreamer1.0-plugins-bad': 'its RTMP',
  'libnginx-mod-rtmp': 'as a relay',
  nginx: 'what that is a module of',
  'obs-studio': 'as an encoder',
  rtmpdump: 'as a player',
  'vlc-bin': 'as an encoder and a player',
  'vlc-plugin-base': 'its RTMP',
  xvfb: 'a display for OBS',
};

const needs = `npm run test:system needs root on Debian or Ubuntu, and the packages ${Object.keys(PACKAGES).join(', ')}`;

/** Those of the packages that dpkg does not know as installed; null where there is no dpkg. */
function missingPackages(packages) {
  const missing = [];
  for (const name of Object.keys(packages)) {
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

/** Whether apt knows such a package. */
function exists(name) {
  return spawnSync('apt-cache', ['show', name]).status === 0;
}

function main() {
  const missing = missingPackages({ ...PACKAGES, ...PEERS });
  if (process.getuid?.() !== 0) throw new Error(`${needs}. This is not root.`);
  if (missing === null) throw new Error(`${needs}. There is no dpkg here.`);
  if (missing.length === 0) return;
  for (const name of missing)
    console.error(`system-packages: ${name} is missing: ${PACKAGES[name] ?? PEERS[name]}`);
  aptGet('update');
  aptGet(
    'install',
    '--yes',
    '--no-install-recommends',
    ...missing.filter((name) => name in PACKAGES || exists(name)),
  );
}

try {
  main();
} catch (error) {
  console.error(`system-packages: ${error.message}`);
  process.exitCode = 1;
}
