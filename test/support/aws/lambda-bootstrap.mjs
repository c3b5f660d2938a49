/**
 * What runs a function in a process of its own, as Lambda's runtime for Node does: imports the handler once, then takes
 * one event after the other from its parent.
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const { LAMBDA_TASK_ROOT = '', _HANDLER = '', AWS_LAMBDA_FUNCTION_NAME, AWS_REGION } = process.env;
const [file, name] = _HANDLER.split('.');

function errorOf(error) {
  const isError = error instanceof Error;
  return {
    errorType: isError ? error.name : typeof error,
    errorMessage: isError ? error.message : String(error),
  };
}

function tell(message) {
  process.send?.(message);
}

let requestId;

// As the runtime does where the function's log format is text: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
for (const [method, level] of Object.entries({
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  debug: 'DEBUG',
})) {
  console[method] = (...values) => {
    process.stdout.write(`${[new Date().toISOString(), requestId, level, format(...values)].join('\t')}\n`);
  };
}

process.on('disconnect', () => process.exit());

let handler;
try {
  const module = await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);
  handler = module[name];
  if (typeof handler !== 'function') throw new Error(`${_HANDLER} is undefined or not exported`);
  tell({ kind: 'ready' });
} catch (error) {
  tell({ kind: 'failed', error: errorOf(error) });
}

process.on('message', async ({ event, deadline, ...request }) => {
  requestId = request.requestId;
  const context = {
    awsRequestId: requestId,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    invokedFunctionArn: `arn:aws:lambda:${AWS_REGION}:123456789012:function:${AWS_LAMBDA_FUNCTION_NAME}`,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const result = await handler(event, context);
    tell({ kind: 'result', result: JSON.parse(JSON.stringify(result ?? null)) });
  } catch (error) {
    tell({ kind: 'failed', error: errorOf(error) });
  }
});
