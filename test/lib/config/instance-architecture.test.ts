import { describe, expect, it } from '@jest/globals';
import { InstanceClass, InstanceSize, InstanceType } from 'aws-cdk-lib/aws-ec2';
import { architectureOf } from '../../../lib/config/instance-architecture.ts';

const GRAVITON = 'c7g t4g m7gd im4gn is4gen x2gd g5g c6gn hpc7g i4g i8ge r8gb x8g a1'.split(' ');
const OTHERS =
  'c7i c7a m7i-flex t3 t3a g4dn g4ad g5 g6 g6e gr6 p5en trn1n inf2 u7i-12tb i7ie vt1 d3en z1d'.split(' ');

describe('the architecture of an instance type', () => {
  it.each(GRAVITON)('%s is Graviton', (family) => {
    expect(architectureOf(`${family}.large`)).toBe('arm64');
  });

  it.each(OTHERS)('%s is not', (family) => {
    expect(architectureOf(`${family}.large`)).toBe('x86_64');
  });

  it('agrees with the CDK on all classes that it knows', () => {
    // The CDK reads no type with a dash in its family.
    const types = Object.values(InstanceClass)
      .map((family) => InstanceType.of(family, InstanceSize.LARGE))
      .filter((type) => /^(?!mac)[a-z]+\d+[a-z]*\./.test(type.toString()));
    expect(types.length).toBeGreaterThan(100);
    const differing = types.filter((type) => architectureOf(type.toString()) !== String(type.architecture));
    expect(differing.map(String)).toEqual([]);
  });
});
