import { Duration, RemovalPolicy, Stack, Tags, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { ARecord, type IPrivateHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { Config } from '../../runtime/contract/config.ts';
import { INSTANCE_TAGS } from '../../runtime/contract/instance-tags.ts';
import { hostConfig, type PlannedHost } from '../config/deployment.ts';
import { metricNamespaceOf } from '../config/metric-namespace.ts';
import type { HostBundle } from './host-bundle.ts';
import { hostRole } from './host-role.ts';
import type { HostSecrets } from './host-secrets.ts';
import { type HostUserDataOptions, hostUserData } from './host-user-data.ts';

export interface MultiplexerHostProps {
  /** Which host this is: its name, its input, its zone, its size. */
  readonly planned: PlannedHost;
  /** The configuration of the deployment. */
  readonly config: Config;
  readonly vpc: ec2.IVpc;
  /** Firewall rules, all of them: the host adds none. */
  readonly securityGroups: readonly ec2.ISecurityGroup[];
  readonly bundle: HostBundle;
  readonly secrets: HostSecrets;
  readonly logGroup: ILogGroup;
  /**
   * The Elastic IP that encoders are configured with.
   *
   * @default - the address that EC2 gives, another one each time that the host is replaced
   */
  readonly address?: ec2.CfnEIP;
  /**
   * The zone in which the other hosts find this one by name.
   *
   * @default - no record is made
   */
  readonly hostedZone?: IPrivateHostedZone;
  /**
   * How long the host may take from its launch until it serves. After that, its deployment fails and is rolled back.
   *
   * @default Duration.minutes(10)
   */
  readonly startTimeout?: Duration;
}

/** A host that comes back elsewhere has a new private address: others must not look for it where it was. */
const RECORD_TTL = Duration.seconds(10);
const ROOT_DEVICE = '/dev/xvda';
const DISK_GIB = 10;

/**
 * One EC2 instance that takes one input. It is replaced when its launch template changes: with new software, another
 * configuration, another image or instance type. Its logical id, its Elastic IP and its name stay; CloudFormation waits until the new one
 * serves, and removes the old one only then.
 *
 * The image is the newest Amazon Linux 2023 at each deployment, so that a deployment may also replace hosts for its sake alone.
 */
export class MultiplexerHost extends Construct {
  readonly planned: PlannedHost;
  readonly instance: ec2.CfnInstance;
  readonly launchTemplate: ec2.LaunchTemplate;
  readonly role: Role;
  readonly securityGroups: readonly ec2.ISecurityGroup[];

  constructor(scope: Construct, id: string, props: MultiplexerHostProps) {
    super(scope, id);
    const { planned, config, secrets, logGroup } = props;
    this.planned = planned;
    this.securityGroups = props.securityGroups;
    const subnet = props.vpc.publicSubnets[planned.zone];
    if (subnet === undefined) throw new Error(`${planned.name}: the network has no zone ${planned.zone + 1}`);

    const streamKey = secrets.streamKey(planned.input);
    this.role = hostRole(this, 'Role', {
      bundle: props.bundle,
      logGroup,
      secrets: [streamKey, ...secrets.shared.values()],
      metricNamespace: metricNamespaceOf(config),
    });

    this.instance = new ec2.CfnInstance(this, 'Instance', { subnetId: subnet.subnetId });
    this.instance.applyRemovalPolicy(RemovalPolicy.DESTROY);
    const stack = Stack.of(this);
    const userData = hostUserData({
      ...userDataOptions({ config, bundle: props.bundle, logGroup, stack }),
      host: planned.name,
      isEdge: false,
      credentials: {
        [`${planned.name}.key`]: streamKey.secretArn,
        ...arnsOf(secrets.shared),
      },
      signal: { stack: stack.stackName, logicalId: this.instance.logicalId },
    });
    this.launchTemplate = hostLaunchTemplate(this, 'LaunchTemplate', {
      instanceType: planned.instanceType,
      architecture: config.aws.architecture,
      role: this.role,
      securityGroups: props.securityGroups,
      userData,
    });
    this.instance.launchTemplate = {
      launchTemplateId: this.launchTemplate.launchTemplateId ?? '',
      // A number, not "$Latest": CloudFormation replaces the instance where it changes.
      version: this.launchTemplate.latestVersionNumber,
    };
    const timeout = (props.startTimeout ?? Duration.minutes(10)).toIsoString();
    this.instance.cfnOptions.creationPolicy = { resourceSignal: { count: 1, timeout } };
    // What the first boot needs: its permissions, and a way to the internet.
    this.instance.node.addDependency(this.role, subnet.internetConnectivityEstablished);
    Tags.of(this).add('Name', `${config.name} ${planned.name}`);
    Tags.of(this.instance).add(INSTANCE_TAGS.deployment, config.name);
    Tags.of(this.instance).add(INSTANCE_TAGS.host, planned.name);
    this.connect(props);
    acknowledgeFindings(this.instance);
  }

  private connect({ address, hostedZone }: MultiplexerHostProps): void {
    if (address !== undefined) {
      new ec2.CfnEIPAssociation(this, 'Address', {
        allocationId: address.attrAllocationId,
        instanceId: this.instance.ref,
      });
    }
    if (hostedZone !== undefined) {
      new ARecord(this, 'Record', {
        zone: hostedZone,
        recordName: this.planned.name,
        target: RecordTarget.fromIpAddresses(this.instance.attrPrivateIp),
        ttl: RECORD_TTL,
        comment: 'Where the other hosts find this one',
      });
    }
  }
}

/** Where the secrets are, by the names of the credentials. */
export function arnsOf(secrets: HostSecrets['shared']): Record<string, string> {
  return Object.fromEntries([...secrets].map(([name, { secretArn }]) => [name, secretArn]));
}

export interface UserDataSources {
  readonly config: Config;
  readonly bundle: HostBundle;
  readonly logGroup: ILogGroup;
  readonly stack: Stack;
}

/** What the user data of all hosts and edges of a deployment has in common. */
export function userDataOptions({
  config,
  bundle,
  logGroup,
  stack,
}: UserDataSources): Pick<HostUserDataOptions, 'config' | 'httpPort' | 'region' | 'bundle' | 'logGroup'> {
  return {
    config: hostConfig(config),
    httpPort: config.http.port,
    region: stack.region,
    bundle: {
      bucket: bundle.asset.s3BucketName,
      key: bundle.asset.s3ObjectKey,
      sha256: bundle.sha256,
    },
    logGroup: logGroup.logGroupName,
  };
}

/** The newest Amazon Linux 2023 at deployment. */
export function hostImage(architecture: Config['aws']['architecture']): ec2.IMachineImage {
  const cpuType = architecture === 'arm64' ? ec2.AmazonLinuxCpuType.ARM_64 : ec2.AmazonLinuxCpuType.X86_64;
  return ec2.MachineImage.latestAmazonLinux2023({ cpuType });
}

interface HostLaunchTemplateProps {
  readonly instanceType: string;
  readonly architecture: Config['aws']['architecture'];
  readonly role: Role;
  readonly securityGroups: readonly ec2.ISecurityGroup[];
  readonly userData: string;
}

function hostLaunchTemplate(
  scope: Construct,
  id: string,
  props: HostLaunchTemplateProps,
): ec2.LaunchTemplate {
  const [securityGroup, ...others] = props.securityGroups;
  if (securityGroup === undefined) throw new Error('a host needs a security group');
  const template = new ec2.LaunchTemplate(scope, id, {
    instanceType: new ec2.InstanceType(props.instanceType),
    machineImage: ec2.MachineImage.latestAmazonLinux2023({
      cpuType: props.architecture === 'arm64' ? ec2.AmazonLinuxCpuType.ARM_64 : ec2.AmazonLinuxCpuType.X86_64,
    }),
    role: props.role,
    securityGroup,
    userData: ec2.UserData.custom(props.userData),
    httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
    // No container between the instance and its metadata.
    httpPutResponseHopLimit: 1,
    // The host itself sends what alarms watch, each second; status checks come each minute without it.
    detailedMonitoring: false,
    ebsOptimized: true,
    blockDevices: [
      {
        deviceName: ROOT_DEVICE,
        volume: ec2.BlockDeviceVolume.ebs(DISK_GIB, {
          encrypted: true,
          volumeType: ec2.EbsDeviceVolumeType.GP3,
        }),
      },
    ],
  });
  for (const other of others) template.connections.addSecurityGroup(other);
  const resource = template.node.defaultChild as ec2.CfnLaunchTemplate;
  // Simplified automatic recovery: same instance, same addresses, other hardware.
  resource.addPropertyOverride('LaunchTemplateData.MaintenanceOptions', { AutoRecovery: 'default' });
  return template;
}

function acknowledgeFindings(instance: ec2.CfnInstance): void {
  Validations.of(instance).acknowledge(
    {
      id: 'AwsSolutions-EC28',
      reason:
        'Alarms watch the metrics that the host sends each second, and status checks, which come each minute without detailed monitoring.',
    },
    {
      id: 'AwsSolutions-EC29',
      reason:
        'A host holds no data, and an update must be able to replace it. What must outlive it, its Elastic IP, is retained by the network stack.',
    },
  );
}
