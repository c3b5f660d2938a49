import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ControlClient } from '../../runtime/cli/control-client.ts';
import { INSTANCE_TAGS } from '../../runtime/contract/instance-tags.ts';
import type { ManagedInstance } from './aws/command-invocation.ts';
import { until } from './until.ts';

export interface BundledHostOptions {
  readonly name: string;
  readonly deployment: string;
  /** The folder that `buildBundle` made. */
  readonly bundle: string;
  /** Made for it: its configuration, its command and its keys lie there. */
  readonly directory: string;
  readonly config: HostConfiguration;
  /** Keys, by the name of the credential. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Where its SDK looks for AWS. */
  readonly aws: Readonly<Record<string, string>>;
}

type HostConfiguration = object & { readonly control: { readonly port: number } };

const START_MS = 30_000;

/** An instance of the deployment as its user data leave it: the bundle as a process, and the command for Run Command. */
export class BundledHost {
  readonly name: string;
  readonly control: ControlClient;
  readonly instance: ManagedInstance;
  /** What it wrote. */
  log = '';
  private readonly options: BundledHostOptions;
  private child: ChildProcess | null = null;

  constructor(options: BundledHostOptions) {
    const { name, deployment, directory, config } = options;
    this.options = options;
    this.name = name;
    this.control = new ControlClient(`http://127.0.0.1:${config.control.port}`);
    this.instance = {
      id: `i-${name}`,
      tags: { [INSTANCE_TAGS.deployment]: deployment, [INSTANCE_TAGS.host]: name },
      cwd: directory,
      env: { PATH: `${join(directory, 'bin')}:/usr/bin:/bin` },
    };
  }

  /** Resolves when it answers. */
  async start(): Promise<this> {
    const { directory, bundle, config, credentials, aws, name } = this.options;
    const file = join(directory, 'understudy.config.json');
    const credentialsDirectory = join(directory, 'credentials');
    mkdirSync(join(directory, 'bin'), { recursive: true });
    mkdirSync(credentialsDirectory);
    writeFileSync(file, JSON.stringify(config));
    for (const [credential, key] of Object.entries(credentials)) {
      writeFileSync(join(credentialsDirectory, credential), key, { mode: 0o600 });
    }
    const command = join(bundle, 'understudy.mjs');
    const script = `#!/bin/sh\nexport UNDERSTUDY_CONFIG='${file}'\nexec '${process.execPath}' '${command}' "$@"\n`;
    writeFileSync(join(directory, 'bin/understudy'), script, { mode: 0o755 });
    const own = { CREDENTIALS_DIRECTORY: credentialsDirectory, UNDERSTUDY_HOST: name };
    this.child = spawn(process.execPath, [command, 'run', '--config', file, '--log-format', 'json'], {
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', ...own, ...aws },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const output of [this.child.stdout, this.child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
      });
    }
    await until(`${name} serves`, () => this.answers(), START_MS);
    return this;
  }

  /** As where its instance goes: nothing of it says goodbye. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  private async answers(): Promise<boolean> {
    if (this.child?.exitCode !== null) throw new Error(`${this.name} has ended: ${this.log}`);
    return this.control.state().then(
      () => true,
      () => false,
    );
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}
