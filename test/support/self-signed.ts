import { generateKeyPairSync, sign } from 'node:crypto';
import type { TlsIdentity } from '../../runtime/rtmp/server.ts';

// A certificate in DER (X.690), by hand, so that tests need neither a program nor a key in the repository. RFC 5280, 4.1.

const SEQUENCE = 0x30;
const SET = 0x31;
const OID_COMMON_NAME = [0x55, 0x04, 0x03];
const OID_SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];
const OID_ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

function der(tag: number, ...parts: ReadonlyArray<Buffer | readonly number[]>): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
  const { length } = body;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const oid = (bytes: readonly number[]): Buffer => der(0x06, bytes);
const utcTime = (text: string): Buffer => der(0x17, Buffer.from(text));

/** For `localhost` and 127.0.0.1, valid from 2024 to 2049; each call makes another one. */
export function selfSigned(commonName = 'localhost'): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, oid(OID_ECDSA_WITH_SHA256));
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, oid(OID_COMMON_NAME), der(0x0c, Buffer.from(commonName)))),
  );
  const names = der(SEQUENCE, der(0x82, Buffer.from('localhost')), der(0x87, [127, 0, 0, 1]));
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, der(0x02, [2])),
    der(0x02, [1]),
    algorithm,
    name,
    der(SEQUENCE, utcTime('240101000000Z'), utcTime('490101000000Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, der(SEQUENCE, oid(OID_SUBJECT_ALT_NAME), der(0x04, names)))),
  );
  const signature = der(0x03, [0], sign('sha256', toBeSigned, privateKey));
  const text = der(SEQUENCE, toBeSigned, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
