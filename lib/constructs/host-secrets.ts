import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { PLAY_CREDENTIAL, RELAY_CREDENTIAL } from '../config/deployment.ts';

/** 190 bits; a URL carries letters and digits as they are. */
const KEY_LENGTH = 32;

export interface HostSecretsProps {
  /** The inputs that get a stream key each, as `master/camera1`. */
  readonly inputs: readonly string[];
  /**
   * Whether play URLs are signed.
   *
   * @default false - everybody may play, and no key is made for it
   */
  readonly signsPlay?: boolean;
  /**
   * What happens to a key when its input is taken out of the configuration, or the stack is deleted.
   *
   * @default RemovalPolicy.DESTROY - a key that no host takes any more opens nothing, and a stack that is deployed again makes
   * new ones: a key that is kept would only cost, and be in the way
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The keys of a deployment, made by Secrets Manager: no template and nobody's disk ever holds one. */
export class HostSecrets extends Construct {
  /** What hosts know each other by. */
  readonly relayKey: Secret;
  /** What signs play URLs, where they are signed. */
  readonly playKey: Secret | undefined;
  /** By input. */
  readonly streamKeys: ReadonlyMap<string, Secret>;

  constructor(scope: Construct, id: string, props: HostSecretsProps) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.DESTROY;
    const makeKey = (name: string, description: string): Secret => {
      const key = new Secret(this, name, {
        description,
        removalPolicy,
        generateSecretString: { passwordLength: KEY_LENGTH, excludePunctuation: true },
      });
      Validations.of(key).acknowledge({
        id: 'AwsSolutions-SMG4',
        reason:
          'Encoders are configured with the key by hand: a rotation that nobody announced would take them off air. docs/operations.md says how to change one.',
      });
      return key;
    };
    this.relayKey = makeKey('relay', 'Understudy: what the hosts of this deployment know each other by');
    this.playKey = props.signsPlay ? makeKey('play', 'Understudy: what signs play URLs') : undefined;
    this.streamKeys = new Map(
      props.inputs.map((input) => [input, makeKey(input, `Understudy: the stream key of ${input}`)]),
    );
  }

  /** What every host and every edge needs, by the name of its credential. */
  get shared(): ReadonlyMap<string, Secret> {
    const { relayKey, playKey } = this;
    return new Map([
      [RELAY_CREDENTIAL, relayKey],
      ...(playKey === undefined ? [] : [[PLAY_CREDENTIAL, playKey] as const]),
    ]);
  }

  /** The stream key of an input. Throws where the deployment has no such input. */
  streamKey(input: string): Secret {
    const key = this.streamKeys.get(input);
    if (key === undefined) throw new Error(`there is no input ${input}`);
    return key;
  }
}
