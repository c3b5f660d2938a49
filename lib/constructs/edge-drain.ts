/** How an edge says goodbye to its viewers before its group takes it away. */

/** Where the script stands on an edge; beside the bundle. */
const SCRIPT = '/opt/understudy/drain-when-terminated';
const UNIT = 'understudy-drain.service';
const POLL_S = 5;

/** Ends a file's text. No line of it is this word alone. */
const END = 'END_OF_FILE';

/**
 * Part of an edge's user data, for bash as root, after the bundle is installed: a unit that asks the instance metadata whether
 * the group is about to terminate this instance, and then stops the host, which drains it. The group waits for that
 * (`EdgeGroup.drainHook`). Needs no right in AWS: the wait ends by its time.
 */
export function drainWhenTerminated(): string {
  return `cat >${SCRIPT} <<'${END}'
${script()}${END}
chmod 755 ${SCRIPT}
cat >/etc/systemd/system/${UNIT} <<'${END}'
[Unit]
Description=Drains this edge when its group is about to terminate it
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${SCRIPT}
Restart=on-failure
RestartSec=${POLL_S}s

[Install]
WantedBy=multi-user.target
${END}
systemctl daemon-reload
systemctl enable --now ${UNIT}
`;
}

function script(): string {
  return `#!/bin/bash
# Stops the host, which drains it, once the Auto Scaling group is about to terminate this instance.
set -euo pipefail
metadata=http://169.254.169.254/latest
ask() { curl --fail --silent --max-time 2 "$@"; }
target_state() {
  local token
  token="$(ask --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")"
  ask --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/autoscaling/target-lifecycle-state"
}
# An answer that does not come is asked for again.
until [[ "$(target_state || true)" == Terminated ]]; do sleep ${POLL_S}; done
systemctl stop understudy.service
`;
}
