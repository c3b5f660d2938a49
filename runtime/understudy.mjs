#!/usr/bin/env node
// The `understudy` command: hands TypeScript to Node by way of tsx, and the rest to main.ts.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
