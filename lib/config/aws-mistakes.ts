/** What a deployment on AWS demands of a configuration beyond its schema. Pure: nothing is looked up. */
import type { ConfigMistake } from '../../runtime/contract/config-path.ts';
import { checkDelivery } from './delivery-mistakes.ts';
import { checkFixed } from './fixed-mistakes.ts';
import { checkHosts } from './host-mistakes.ts';
import { checkMediaLive } from './media-live-mistakes.ts';
import { MistakePass, type Reading } from './mistake-pass.ts';
import { checkNetwork } from './network-mistakes.ts';

export function awsMistakes(reading: Reading): ConfigMistake[] {
  const pass = new MistakePass(reading);
  checkNetwork(pass);
  checkHosts(pass);
  checkDelivery(pass);
  checkMediaLive(pass);
  checkFixed(pass);
  return pass.mistakes;
}
