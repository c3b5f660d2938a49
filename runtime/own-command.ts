import { join } from 'node:path';

/** The `understudy` command that this process is one of, as an argument of Node. */
export const OWN_COMMAND = join(import.meta.dirname, 'understudy.mjs');
