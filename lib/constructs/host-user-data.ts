/**
 * The script that makes an instance of Amazon Linux 2023 an Understudy host, at its first boot. CloudFormation waits for its
 * signal: success when the host serves, failure at the first step that fails, with the whole log on the instance's console.
 *
 * The text holds no secret: it names them, and the instance fetches them with its role.
 */
export interface HostUserDataOptions {
  /** The name by which the host knows which one it is. An edge has that of its instance behind it: `edge-i-0123…`. */
  readonly host: string;
  /** Whether it takes no inputs, is not in the configuration, and is one of many with this user data. */
  readonly isEdge: boolean;
  /** What `hostConfig` makes: the same on all hosts. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Where `/healthz` is. */
  readonly httpPort: number;
  readonly region: string;
  readonly bundle: { readonly bucket: string; readonly key: string; readonly sha256: string };
  /** ARNs of secrets, by the name that the configuration gives the credential. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** The resource of the stack that waits for the signal. */
  readonly signal: { readonly stack: string; readonly logicalId: string };
  /** More lines of bash, once the host serves and before that is signalled. */
  readonly afterwards?: string;
}

/** The package of Amazon Linux, and the name under which it installs its binary whatever `/usr/bin/node` is. */
const NODE_PACKAGE = 'nodejs24';
const NODE = '/usr/bin/node-24';
const CONFIG_FILE = '/etc/understudy/understudy.config.json';
/** EC2's limit is 16 KiB, as it stands before base64; what CloudFormation puts in for references takes its share. */
const SIZE_LIMIT_BYTES = 15_000;

/** Throws where the configuration is too large for EC2. */
export function hostUserData(options: HostUserDataOptions): string {
  const script = [
    preamble(options),
    packages(),
    logging(options),
    software(options),
    configuration(options),
    secrets(options),
    service(options),
  ].join('\n');
  const size = Buffer.byteLength(script);
  if (size > SIZE_LIMIT_BYTES) {
    throw new Error(
      `the user data of ${options.host} would have ${size} bytes, more than ${SIZE_LIMIT_BYTES}: ` +
        'EC2 takes no more. Shorten the names of inputs and programs, or split the deployment.',
    );
  }
  return script;
}

/** Everything goes to the log; the end of the script, however it comes, is told to the console and to CloudFormation. */
function preamble({ host, isEdge, region, signal }: HostUserDataOptions): string {
  return `#!/bin/bash
# Makes this instance an Understudy host. Runs once, as root.
set -euo pipefail
cd /
umask 022
export AWS_DEFAULT_REGION=${quoted(region)}
instance="$(cat /var/lib/cloud/data/instance-id)"
name=${isEdge ? `"${host}-$instance"` : quoted(host)}
mkdir -p /var/log/understudy
log=/var/log/understudy/boot.log
exec >>"$log" 2>&1
step='begin'

begin() {
  step="$1"
  echo "$(date --utc +%FT%TZ) $step"
}

# The network, the role and the mirrors may need a moment.
retry() {
  local attempt
  for attempt in 1 2 3 4 5; do
    if "$@"; then return 0; fi
    echo "attempt $attempt of 5 failed: $1"
    if ((attempt < 5)); then sleep "$((2 ** (attempt - 1)))"; fi
  done
  return 1
}

signal() {
  retry aws cloudformation signal-resource --status "$1" \\
    --stack-name ${quoted(signal.stack)} --logical-resource-id ${quoted(signal.logicalId)} \\
    --unique-id "$instance"
}

finish() {
  local status=$?
  trap - EXIT
  if ((status == 0)); then
    echo "understudy: $name serves" >/dev/console
    return
  fi
  echo "failed with status $status: $step"
  {
    echo "understudy: $name does not serve. Its log:"
    cat "$log"
    journalctl --unit=understudy --no-pager --lines=100 || true
    echo "understudy: the boot failed with status $status: $step"
  } >/dev/console 2>&1
  signal FAILURE
  exit "$status"
}
trap finish EXIT
`;
}

function packages(): string {
  return `begin 'install packages'
retry dnf install --assumeyes --quiet ${NODE_PACKAGE} amazon-cloudwatch-agent logrotate
`;
}

/**
 * The agent reads files, the host and systemd write to the journal: a unit copies what they say about the host to a file. It
 * starts before the host, so that a boot that fails is in the log group too.
 */
function logging({ host, logGroup }: HostUserDataOptions): string {
  const shipped = (file: string) => ({
    file_path: `/var/log/understudy/${file}.log`,
    log_group_name: logGroup,
    log_stream_name: `${host}/{instance_id}/${file}`,
  });
  const agent = {
    logs: {
      logs_collected: { files: { collect_list: [shipped('understudy'), shipped('boot')] } },
      force_flush_interval: 5,
    },
  };
  return `begin 'ship logs'
mkdir -p /etc/understudy
${file('/etc/systemd/system/understudy-log.service')}
[Unit]
Description=Copies what the journal has of Understudy to the file that the CloudWatch agent sends

[Service]
ExecStart=/usr/bin/journalctl --unit=understudy --boot --lines=all --follow --output=cat
StandardOutput=append:/var/log/understudy/understudy.log
Restart=always

[Install]
WantedBy=multi-user.target
${END}
${file('/etc/logrotate.d/understudy')}
/var/log/understudy/*.log {
  size 50M
  rotate 2
  copytruncate
  missingok
}
${END}
${file('/etc/understudy/cloudwatch-agent.json')}
${JSON.stringify(agent)}
${END}
systemctl daemon-reload
systemctl enable --now understudy-log.service logrotate.timer
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl \\
  -a fetch-config -m ec2 -s -c file:/etc/understudy/cloudwatch-agent.json
`;
}

function software({ bundle }: HostUserDataOptions): string {
  return `begin 'download the bundle'
archive=/var/tmp/understudy.tar
retry aws s3 cp --no-progress ${quoted(`s3://${bundle.bucket}/${bundle.key}`)} "$archive"
begin 'verify the bundle'
echo "${bundle.sha256}  $archive" | sha256sum --check -
mkdir -p /opt/understudy
tar --extract --no-same-owner --file "$archive" --directory /opt/understudy
rm "$archive"
# What people type in a shell, and what Run Command runs.
${file('/usr/local/bin/understudy')}
#!/bin/sh
export UNDERSTUDY_CONFIG="\${UNDERSTUDY_CONFIG:-${CONFIG_FILE}}"
exec ${NODE} /opt/understudy/understudy.mjs "$@"
${END}
chmod 755 /usr/local/bin/understudy
`;
}

function configuration({ config, region, isEdge, credentials }: HostUserDataOptions): string {
  const loaded = Object.keys(credentials).map(
    (name) => `LoadCredential=${name}:/etc/understudy/credentials/${name}`,
  );
  const run = `${NODE} /opt/understudy/understudy.mjs run --config ${CONFIG_FILE} --log-format json`;
  return `begin 'configure'
${file(CONFIG_FILE)}
${JSON.stringify(config)}
${END}
printf '%s\\n' "UNDERSTUDY_HOST=$name" ${quoted(`AWS_REGION=${region}`)} >/etc/understudy/understudy.env
mkdir -p /etc/systemd/system/understudy.service.d
${file('/etc/systemd/system/understudy.service.d/aws.conf')}
[Service]
ExecStart=
ExecStart=${run}${isEdge ? ' --edge' : ''}
${loaded.join('\n')}
${END}
cp /opt/understudy/understudy.service /etc/systemd/system/
`;
}

/** Also for later: whoever changes a key runs the script again, and restarts the host. */
function secrets({ region, credentials }: HostUserDataOptions): string {
  const fetches = Object.entries(credentials).map(([name, arn]) => `fetch ${quoted(name)} ${quoted(arn)}`);
  return `begin 'fetch the keys'
${file('/opt/understudy/fetch-keys')}
#!/bin/bash
# Fetches the keys of this host from Secrets Manager. After a change of one: run this, then systemctl restart understudy.
set -euo pipefail
umask 077
export AWS_DEFAULT_REGION=${quoted(region)}
mkdir -p /etc/understudy/credentials
cd /etc/understudy/credentials
fetch() {
  aws secretsmanager get-secret-value --secret-id "$2" --query SecretString --output text >".$1.new"
  if ! grep --quiet . ".$1.new"; then
    echo "the secret for $1 is empty" >&2
    return 1
  fi
  mv ".$1.new" "$1"
}
${fetches.join('\n')}
${END}
chmod 755 /opt/understudy/fetch-keys
retry /opt/understudy/fetch-keys
`;
}

function service({ httpPort, afterwards = '' }: HostUserDataOptions): string {
  return `begin 'start the host'
systemctl daemon-reload
systemctl enable understudy.service
systemctl start understudy.service
begin 'wait until it serves'
is_serving() { curl --fail --silent --show-error --max-time 2 http://127.0.0.1:${httpPort}/healthz; }
retry is_serving
${afterwards}begin 'signal success'
signal SUCCESS
begin 'done'
`;
}

/** Ends a file's text. No line of JSON, of a unit or of the script above is this word alone. */
const END = 'END_OF_FILE';

/** The lines up to END are the file's, whatever they hold: the shell changes nothing in them. */
function file(path: string): string {
  return `cat >${path} <<'${END}'`;
}

/** One word for the shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
