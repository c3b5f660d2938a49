/** What the kit decides by itself on AWS, and what it cannot do: such keys must not say otherwise. */
import type { Path } from '../../runtime/contract/config-path.ts';
import { PLAY_CREDENTIAL } from './deployment.ts';
import type { MistakePass } from './mistake-pass.ts';

/** Security groups, load balancer and health checks know these. */
const PORTS = { rtmp: 1935, http: 8080, control: 8081 } as const;

export function checkFixed(pass: MistakePass): void {
  checkPorts(pass);
  for (const input of [...pass.items(['masters']), ...pass.items(['backups'])]) {
    refuse(pass, [...input, 'key'], 'Leave "key" out: stream keys are generated in AWS Secrets Manager.');
  }
  refuse(pass, ['relay', 'key'], 'Leave "key" out: the key is generated in AWS Secrets Manager.');
  checkPlayKey(pass);
  refuse(
    pass,
    ['hosts'],
    'Leave it out: each input gets a host. What differs for single hosts stands in aws.hosts.',
  );
  refuse(pass, ['host'], 'Leave it out: each host is told by its environment which one it is.');
  for (const listener of ['rtmp', 'http']) {
    refuse(
      pass,
      [listener, 'host'],
      'Leave it out: hosts listen on all addresses, and security groups decide who comes in.',
    );
  }
  refuse(
    pass,
    ['slate', 'file'],
    'Leave it out: a slate of your own is not supported yet on AWS, the built-in one is shown.',
  );
  for (const key of ['token', 'remote', 'publicReads']) {
    refuse(
      pass,
      ['control', key],
      'Leave it out: the console of a host is for those who forward port 8080 of it to themselves.',
    );
  }
  if (pass.isGiven(['rtmps', 'certificate'])) {
    const fix = 'Leave it out: with aws.certificateArn, the load balancer takes RTMPS on port 1936.';
    pass.report(['rtmps'], 'nothing, on AWS', fix);
  }
  checkMetricsRegion(pass);
}

function checkPorts(pass: MistakePass): void {
  for (const [listener, port] of Object.entries(PORTS)) {
    const path = [listener, 'port'];
    const given = pass.numberAt(path);
    if (given === undefined || given === port) continue;
    pass.report(
      path,
      `${port}, on AWS`,
      'Leave it out: the load balancer and the security groups know this port.',
    );
  }
}

/** The file says whether there is one; the key itself is generated. */
function checkPlayKey(pass: MistakePass): void {
  const path = ['viewers', 'playKey'];
  if (!pass.isGiven(path)) return;
  if (pass.textAt([...path, 'credential']) !== PLAY_CREDENTIAL) {
    const fix = 'The key is generated in AWS Secrets Manager, and hosts have it as this credential.';
    pass.report(path, `{"credential": "${PLAY_CREDENTIAL}"}, on AWS`, fix);
  }
  if (pass.items(['aws', 'mediaLive']).length > 0) {
    const fix = 'Take it out, or aws.mediaLive: channels pull programs as viewers do, and cannot sign yet.';
    pass.report(path, 'nothing, because of aws.mediaLive', fix);
  }
}

/** Alarms and the dashboard are in the region of the hosts, which send where they are. */
function checkMetricsRegion(pass: MistakePass): void {
  const path = ['metrics', 'cloudWatch', 'region'];
  const given = pass.textAt(path);
  if (given === undefined || given === pass.textAt(['aws', 'region'])) return;
  const allowed = 'the region of the hosts';
  pass.report(
    path,
    allowed,
    'Leave it out: hosts send to the region that they are in, where the alarms are.',
  );
}

function refuse(pass: MistakePass, path: Path, fix: string): void {
  if (pass.isGiven(path)) pass.report(path, 'nothing, on AWS', fix);
}
