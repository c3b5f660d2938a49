import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { drainWhenTerminated } from '../../../lib/constructs/edge-drain.ts';

let directory = '';

/** Programs that stand in for those of an edge, and note how they were called. */
function stub(name: string, script: string): void {
  const path = join(directory, 'bin', name);
  writeFileSync(path, `#!/bin/bash\necho "${name} $*" >>"${directory}/calls"\n${script}\n`, { mode: 0o755 });
}

function run(file: string): string[] {
  const env = { PATH: `${join(directory, 'bin')}:${process.env.PATH}` };
  execFileSync('bash', [file], { env, timeout: 20_000, stdio: 'pipe' });
  return readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n');
}

/** The part of the user data, with the places of an edge moved into a folder. */
function installed(): string {
  const text = drainWhenTerminated()
    .replaceAll('/opt/understudy/', `${directory}/`)
    .replaceAll('/etc/systemd/system/', `${directory}/`);
  const path = join(directory, 'user-data');
  writeFileSync(path, `set -euo pipefail\n${text}`);
  return path;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'understudy-edge-'));
  mkdirSync(join(directory, 'bin'));
  stub('systemctl', '');
});

afterEach(() => rmSync(directory, { recursive: true }));

// The script is for bash on Linux.
const onUnix = process.platform === 'win32' ? describe.skip : describe;

onUnix('the drain of an edge', () => {
  it('is installed as a unit that starts at once, and at each boot', () => {
    expect(run(installed())).toEqual([
      'systemctl daemon-reload',
      'systemctl enable --now understudy-drain.service',
    ]);
    const unit = readFileSync(join(directory, 'understudy-drain.service'), 'utf8');
    expect(unit).toContain(`ExecStart=${directory}/drain-when-terminated\n`);
  });

  it('begins when the group is about to terminate the edge, and not before', () => {
    run(installed());
    stub('sleep', '');
    // No answer, in service, about to be terminated: each question needs a token first (IMDSv2).
    stub(
      'curl',
      `if [[ "$*" == *api/token ]]; then echo TOKEN; exit; fi
[[ "$*" == *"X-aws-ec2-metadata-token: TOKEN"* ]] || exit 22
asked=$(grep -c target-lifecycle-state "${directory}/calls")
case $asked in 1) exit 22 ;; 2) echo InService ;; *) echo Terminated ;; esac`,
    );
    rmSync(join(directory, 'calls'));
    const calls = run(join(directory, 'drain-when-terminated'));
    const known = calls.map((call) => /sleep|systemctl.*|api\/token|target-lifecycle-state/.exec(call)?.[0]);
    const question = ['api/token', 'target-lifecycle-state'];
    expect(known).toEqual([
      ...question,
      'sleep',
      ...question,
      'sleep',
      ...question,
      'systemctl stop understudy.service',
    ]);
  });
});
