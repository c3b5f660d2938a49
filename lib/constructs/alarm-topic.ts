import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface AlarmTopicProps {
  /** The deployment's name: only its alarms may publish. */
  readonly deployment: string;
  /**
   * Who is told, once they have confirmed.
   * @default nobody
   */
  readonly emails?: readonly string[];
}

/**
 * Where alarms go, and from there to people. Encrypted with a key of its own: CloudWatch cannot publish to a topic under
 * the key that SNS has by default.
 */
export class AlarmTopic extends Construct {
  readonly topic: sns.Topic;
  readonly key: kms.Key;

  constructor(scope: Construct, id: string, props: AlarmTopicProps) {
    super(scope, id);
    const cloudWatch = new iam.ServicePrincipal('cloudwatch.amazonaws.com');
    this.key = new kms.Key(this, 'Key', {
      description: `Alarms of the Understudy deployment ${props.deployment}`,
      enableKeyRotation: true,
      // Nothing is kept under it: messages are gone once they have been delivered.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    });
    this.topic = new sns.Topic(this, 'Topic', { masterKey: this.key, enforceSSL: true });
    this.key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [cloudWatch],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        // No condition: alarms are documented to send none to KMS. Who may publish is said by the topic, below.
      }),
    );
    // The topic has a policy because of enforceSSL, and so it no longer has the default one, which lets alarms publish.
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: { 'aws:SourceArn': this.alarmArns(props.deployment) },
        },
      }),
    );
    for (const email of props.emails ?? []) this.topic.addSubscription(new EmailSubscription(email));
  }

  private alarmArns(deployment: string): string {
    return Stack.of(this).formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: `${deployment}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }
}
