/**
 * A machine as EC2 starts one: with an instance id, and with `dnf` and `aws` that the test answers. All else is real: the user
 * data, systemd, the bundle.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDebianRoot } from './debian-root.ts';
import { Machine } from './machine.ts';

export const INSTANCE_ID = 'i-0123456789abcdef0';
/** Where cloud-init puts user data. */
const SCRIPT = '/var/lib/cloud/instance/scripts/part-001';

/** "Installs" what lies ready, and nothing that was not asked for. */
const DNF = `#!/bin/bash
set -eu
echo "$*" >>/aws/dnf
[[ ! -e /aws/no-mirror ]] || { echo 'Error: Failed to download metadata' >&2; exit 1; }
[[ $1 == install ]]
for name in "$@"; do
  case "$name" in
    nodejs24) cp /aws/node /usr/bin/node-24 ;;
    amazon-cloudwatch-agent)
      mkdir -p /opt/aws/amazon-cloudwatch-agent/bin
      cp /aws/agent-ctl /opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl ;;
  esac
done
`;
const AGENT_CTL = `#!/bin/bash
echo "$*" >>/aws/agent
`;
const AWS = `#!/bin/bash
set -eu
echo "$AWS_DEFAULT_REGION $*" >>/aws/calls
case "$1 $2" in
  's3 cp') cp "/aws/s3/\${4#s3://}" "$5" ;;
  'secretsmanager get-secret-value')
    if [[ ! -e "/aws/secrets/$4" ]]; then
      echo 'An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation' >&2
      exit 254
    fi
    cat "/aws/secrets/$4" ;;
  'cloudformation signal-resource')
    shift 2
    echo "$*" >>/aws/signals ;;
  *) exit 252 ;;
esac
`;
/** Sends the requests for metadata to the test, and all others on their way. */
function curlFor(metadataPort: number): string {
  return `#!/bin/bash
exec /usr/bin/curl --connect-to 169.254.169.254:80:127.0.0.1:${metadataPort} "$@"
`;
}
/** The host has no credentials here, and must not look for them in the network of the tests. */
const NO_CREDENTIALS = '[Service]\nEnvironment=AWS_EC2_METADATA_DISABLED=true\n';

export interface InstanceOptions {
  readonly userData: string;
  /** By `bucket/key`. */
  readonly objects: Readonly<Record<string, Uint8Array>>;
  /** By what the template names them. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly hasMirror?: boolean;
  /** Where the test answers for the instance's metadata; nothing answers unless said. */
  readonly metadataPort?: number;
}

export class Instance {
  readonly machine: Machine;

  constructor({ userData, objects, secrets, hasMirror = true, metadataPort }: InstanceOptions) {
    const root = makeDebianRoot();
    const put = (path: string, content: string | Uint8Array, mode = 0o644): void => {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      chmodSync(file, mode);
    };
    put(SCRIPT, userData, 0o700);
    put('var/lib/cloud/data/instance-id', `${INSTANCE_ID}\n`);
    put('usr/bin/dnf', DNF, 0o755);
    put('usr/bin/aws', AWS, 0o755);
    put('aws/agent-ctl', AGENT_CTL, 0o755);
    copyFileSync(process.execPath, join(root, 'aws/node'));
    for (const [name, content] of Object.entries(objects)) put(`aws/s3/${name}`, content);
    for (const [name, secret] of Object.entries(secrets)) put(`aws/secrets/${name}`, `${secret}\n`);
    if (metadataPort !== undefined) put('usr/local/bin/curl', curlFor(metadataPort), 0o755);
    if (!hasMirror) put('aws/no-mirror', '');
    put('etc/systemd/system/understudy.service.d/test.conf', NO_CREDENTIALS);
    this.machine = new Machine(root);
  }

  /** Runs the user data, once the machine is up; resolves to whether it came to its end. */
  async boot(): Promise<boolean> {
    await this.machine.booted();
    return this.machine.run(SCRIPT).then(
      () => true,
      () => false,
    );
  }

  /** What the stack was told. */
  get signals(): string[] {
    return this.linesOf('aws/signals');
  }

  /** The lines of a file of the machine; none where there is no such file. */
  linesOf(path: string): string[] {
    const file = join(this.machine.root, path);
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }
}
