/**
 * Runs before `npm start`, `npm test` and `npm run check`: installs what package-lock.json says, where it is not there.
 * Works in the folder that npm runs it in, and writes to stderr only: stdout belongs to the command that follows.
 *
 *   --production   what running needs is enough
 *   --dry-run      print the decision as JSON, and do nothing
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { decideInstall, nodeProblem } from './install-check.mjs';

const STDERR = 2;

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Runs npm; returns its exit status. */
function runNpm(npmArguments) {
  const options = { stdio: ['ignore', STDERR, STDERR] };
  const own = process.env.npm_execpath;
  // The npm that runs us, by way of Node: no shell, and so nothing to quote. Other package managers set the variable too.
  const isNpm = own !== undefined && basename(own).startsWith('npm') && existsSync(own);
  let result;
  if (isNpm) result = spawnSync(process.execPath, [own, ...npmArguments], options);
  // Windows starts a .cmd only in a shell; the arguments are constants without spaces.
  else if (process.platform === 'win32') {
    result = spawnSync(`npm.cmd ${npmArguments.join(' ')}`, { ...options, shell: true });
  } else result = spawnSync('npm', npmArguments, options);
  if (result.error !== undefined) console.error(`npm cannot be started: ${result.error.message}`);
  // No status: npm could not be started, or was ended by a signal.
  return result.status ?? 1;
}

function main() {
  const tooOld = nodeProblem(process.versions.node, readJson('package.json')?.engines?.node);
  if (tooOld !== null) {
    console.error(tooOld);
    return 1;
  }
  const decision = decideInstall({
    lock: readJson('package-lock.json'),
    installed: readJson('node_modules/.package-lock.json'),
    production: process.argv.includes('--production'),
    exists: (path) => existsSync(path),
    platform: process.platform,
    arch: process.arch,
  });
  if (process.argv.includes('--dry-run')) {
    console.log(JSON.stringify(decision));
    return 0;
  }
  if (decision === null) return 0;
  console.error(decision.says);
  return runNpm(decision.npmArguments);
}

process.exitCode = main();
