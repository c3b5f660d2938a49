/** IPv4 ranges as they are written (`192.0.2.0/24`), checked beyond what a pattern can say. */

/** AWS allows a VPC no more than a /16. */
export const LARGEST_VPC_PREFIX = 16;
/** Each of three subnets must hold its hosts, edges and the load balancer's eight spare addresses. */
export const SMALLEST_VPC_PREFIX = 24;

/** RFC 1918 and RFC 6598: a network of other addresses could not reach those who have them on the internet. */
const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const OCTETS = 4;
const OCTET_VALUES = 256;
const ADDRESS_BITS = 32;

interface Range {
  /** The first address as a number, 0 to 2^32 - 1. */
  readonly address: number;
  readonly prefix: number;
}

/** The number of an octet, from 1, that is above 255; undefined where all are right. `text` has the form of a range. */
export function wrongOctet(text: string): number | undefined {
  const index = octetsOf(text).findIndex((octet) => octet >= OCTET_VALUES);
  return index === -1 ? undefined : index + 1;
}

/** The range that is meant where bits behind the prefix are set: `10.1.2.3/16` is `10.1.0.0/16`. */
export function alignedRange(text: string): string {
  const { address, prefix } = rangeOf(text);
  return textOf({ address: startOf(address, prefix), prefix });
}

export function prefixOf(text: string): number {
  return rangeOf(text).prefix;
}

export function isPrivateRange(text: string): boolean {
  const { address, prefix } = rangeOf(text);
  return PRIVATE_RANGES.some((own) => {
    const whole = rangeOf(own);
    return prefix >= whole.prefix && startOf(address, whole.prefix) === whole.address;
  });
}

function rangeOf(text: string): Range {
  const address = octetsOf(text).reduce((sum, octet) => sum * OCTET_VALUES + octet, 0);
  return { address, prefix: Number(text.split('/')[1]) };
}

function octetsOf(text: string): number[] {
  return text.split('/')[0]!.split('.').map(Number);
}

// Bit operators of JavaScript are signed; division is not.
function startOf(address: number, prefix: number): number {
  const size = 2 ** (ADDRESS_BITS - prefix);
  return Math.floor(address / size) * size;
}

function textOf({ address, prefix }: Range): string {
  const octets = Array.from(
    { length: OCTETS },
    (_, index) => Math.floor(address / OCTET_VALUES ** (OCTETS - 1 - index)) % OCTET_VALUES,
  );
  return `${octets.join('.')}/${prefix}`;
}
