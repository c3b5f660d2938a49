/** Why MediaLive did not do what a command asked for, for people. */
import { CommandError, ExitCode } from './exit-codes.ts';

const SIGN_IN = 'sign in (aws sso login), set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
const NEEDED =
  'they need medialive:ListChannels and DescribeChannel, to start and stop StartChannel and StopChannel';

/** By the name of the error, as the SDK and MediaLive give it. */
const MEANINGS: Readonly<Record<string, readonly [text: string, exitCode: number]>> = {
  CredentialsProviderError: [`there are no AWS credentials: ${SIGN_IN}`, ExitCode.unreachable],
  ExpiredTokenException: [`the AWS credentials have expired: ${SIGN_IN}`, ExitCode.unreachable],
  UnrecognizedClientException: [`the AWS credentials are wrong: ${SIGN_IN}`, ExitCode.unreachable],
  InvalidSignatureException: [`the AWS credentials are wrong: ${SIGN_IN}`, ExitCode.unreachable],
  AccessDeniedException: [`these AWS credentials may not do that: ${NEEDED}`, ExitCode.failed],
  ForbiddenException: [`these AWS credentials may not do that: ${NEEDED}`, ExitCode.failed],
  ConflictException: ['somebody else is starting or stopping it: try again', ExitCode.failed],
  TooManyRequestsException: ['MediaLive is asked for too much at the moment: try again', ExitCode.failed],
};

/**
 * What went wrong, and what to do. Never the message of an error of AWS: that of a wrong signature repeats the request, and its
 * session token.
 */
export function asCommandError(error: unknown): unknown {
  if (error instanceof CommandError || !(error instanceof Error)) return error;
  if (/region is missing/i.test(error.message)) {
    return new CommandError('there is no region: set aws.region in the configuration, or AWS_REGION');
  }
  const [text, exitCode] = MEANINGS[error.name] ?? [];
  if (text !== undefined) return new CommandError(text, exitCode);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return new CommandError(`MediaLive could not be reached: ${code}`, ExitCode.unreachable);
}
