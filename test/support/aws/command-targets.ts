import type { SendCommandCommandInput } from '@aws-sdk/client-ssm';
import { AwsError } from './aws-error.ts';

export interface Tagged {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

export const MAX_INSTANCES = 50;
const MAX_TARGETS = 5;

/**
 * The instances that a command goes to. Each target must fit, by one of its values; a tag that no instance has is no
 * error, an instance that is named and is not there is one.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
 */
export function targetsOf<Instance extends Tagged>(
  { InstanceIds, Targets }: Pick<SendCommandCommandInput, 'InstanceIds' | 'Targets'>,
  instances: readonly Instance[],
): Instance[] {
  if ((InstanceIds === undefined) === (Targets === undefined)) {
    throw new AwsError('ValidationException', 'either InstanceIds or Targets');
  }
  if ((InstanceIds?.length ?? 0) > MAX_INSTANCES || (Targets?.length ?? 0) > MAX_TARGETS) {
    throw new AwsError('ValidationException', 'too many InstanceIds or Targets');
  }
  if (Targets !== undefined) {
    return instances.filter((own) => Targets.every(({ Key = '', Values = [] }) => fits(own, Key, Values)));
  }
  return (InstanceIds ?? []).map((id) => {
    const found = instances.find((own) => own.id === id);
    if (found === undefined) throw new AwsError('InvalidInstanceId', `Instances ${id} not in a valid state`);
    return found;
  });
}

function fits({ id, tags }: Tagged, key: string, values: readonly string[]): boolean {
  if (key === 'InstanceIds') return values.includes(id);
  if (!key.startsWith('tag:')) throw new Error(`the test does not know the target ${key}`);
  const tag = tags[key.slice('tag:'.length)];
  return tag !== undefined && values.includes(tag);
}
