/** Path prefix of all routes of the control API, version 1. */
export const CONTROL_PREFIX = '/v1';
