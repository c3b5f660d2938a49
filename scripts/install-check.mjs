/**
 * Decides whether what is installed is what package-lock.json says. Pure: it reads nothing and runs nothing.
 *
 * npm leaves `node_modules/.package-lock.json` behind each install: what it put where, in the form of the lock file. The
 * two are compared by content, because a checkout or a copy changes the times of files and not what is in them.
 */

/** As measured, rounded: a package here and there does not change what a user wants to know. */
const RUNNING = { what: 'what running needs', megabytes: 70 };
const EVERYTHING = { what: 'everything, with the tools and tests', megabytes: 700 };

/**
 * @param {object} facts
 * @param {object | null} facts.lock package-lock.json; null where it cannot be read.
 * @param {object | null} facts.installed node_modules/.package-lock.json; null where it cannot be read.
 * @param {boolean} facts.production Whether what running needs is enough.
 * @param {(path: string) => boolean} facts.exists Whether a package's folder is there: people delete some by hand.
 * @param {string} facts.platform As process.platform.
 * @param {string} facts.arch As process.arch.
 * @returns {{ npmArguments: string[], reason: string, says: string } | null} Null: there is nothing to do.
 */
export function decideInstall(facts) {
  const reason = whatIsWrong(facts);
  if (reason === null) return null;
  // `npm ci` begins by removing everything: where there are tools, an install without them would take them away.
  const onlyRunning = facts.production && !hasTools(facts.installed);
  const { what, megabytes } = onlyRunning ? RUNNING : EVERYTHING;
  return {
    npmArguments: ['ci', onlyRunning ? '--omit=dev' : '--include=dev', '--no-audit', '--no-fund'],
    reason,
    says: `${reason}: installing ${what} (about ${megabytes} MB) with npm ci…`,
  };
}

/** The first thing found, in words; null where all is well. */
function whatIsWrong({ lock, installed, production, exists, platform, arch }) {
  const wanted = packagesOf(lock);
  if (wanted === null) return 'package-lock.json cannot be read';
  const present = packagesOf(installed);
  if (present === null) return 'nothing is installed yet';
  const needsTools = !production && Object.values(wanted).some(({ dev }) => dev);
  if (needsTools && !hasTools(installed)) return 'only what running needs is installed';
  for (const [path, entry] of Object.entries(wanted)) {
    // '' is the project itself.
    if (path === '' || (production && entry.dev)) continue;
    const own = present[path];
    if (own !== undefined && own.version !== entry.version) {
      return `${nameOf(path)} is ${own.version}, package-lock.json says ${entry.version}`;
    }
    if (own !== undefined && own.integrity !== entry.integrity) {
      return `${nameOf(path)} is not the one in package-lock.json`;
    }
    const isThere = own !== undefined && exists(path);
    if (!isThere && !mayBeAbsent(entry, { platform, arch })) return `${nameOf(path)} is missing`;
  }
  return null;
}

/** Optional packages are mostly binaries for one platform; those of other platforms are not installed. */
function mayBeAbsent({ optional, devOptional, os, cpu, libc }, { platform, arch }) {
  if (!optional && !devOptional) return false;
  // Which C library a Linux has is npm's to find out, and an optional package for all platforms may fail to install.
  if (libc !== undefined || (os === undefined && cpu === undefined)) return true;
  return !allows(os, platform) || !allows(cpu, arch);
}

/** As npm reads `os` and `cpu`: a list of names, or of names with a ! that are excluded. */
function allows(list, name) {
  if (list === undefined) return true;
  if (list.includes(`!${name}`)) return false;
  return list.includes(name) || list.every((item) => item.startsWith('!'));
}

function hasTools(installed) {
  return Object.values(packagesOf(installed) ?? {}).some(({ dev }) => dev === true);
}

/** Null for what is no lock file of npm 7 or later. */
function packagesOf(lock) {
  const packages = lock?.packages;
  if (typeof packages !== 'object' || packages === null || Array.isArray(packages)) return null;
  return Object.values(packages).every((entry) => typeof entry === 'object' && entry !== null)
    ? packages
    : null;
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/**
 * What to say where this Node is too old; null where it is not.
 * @param {string} current As process.versions.node.
 * @param {string | undefined} engines `>=20.11`, as package.json has it; other forms are left to npm.
 */
export function nodeProblem(current, engines) {
  const least = /^>=\s*(\d+)(?:\.(\d+))?/.exec(engines ?? '');
  if (least === null) return null;
  const [major = 0, minor = 0] = current.split('.').map(Number);
  const [leastMajor, leastMinor] = [Number(least[1]), Number(least[2] ?? 0)];
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return null;
  return (
    `Node ${current} is too old: Node ${leastMajor}.${leastMinor} or later is needed. ` +
    'Install the current LTS release (https://nodejs.org, or your version manager), then run the command again.'
  );
}
