/** The login of Flash Media Server, step by step as a client takes it. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AdobeLogin } from '../../runtime/rtmp/adobe-login.ts';

const PASSWORD = 'open-sesame';

class Stage {
  now = 1_700_000_000_000;
  readonly login = new AdobeLogin({
    now: () => this.now,
    passwordOf: (user) => (user === 'camera1' ? PASSWORD : undefined),
  });

  /** What the server says to a connect with these parameters; `granted` where it lets it in. */
  connect(query: Record<string, string>): string {
    return this.login.connect(new Map(Object.entries(query)))?.description ?? 'granted';
  }

  /** The parameters with which a client comes the third time. */
  answer(user: string, password: string): Record<string, string> {
    const challenged = this.connect({ authmod: 'adobe', user });
    const { salt = '', opaque = '' } = Object.fromEntries(new URLSearchParams(challenged.split('?')[1]));
    const challenge = '0badcafe';
    const md5 = (text: string): string => createHash('md5').update(text).digest('base64');
    const response = md5(md5(user + salt + password) + opaque + challenge);
    return { authmod: 'adobe', user, challenge, response, opaque };
  }
}

describe('a login', () => {
  it('asks for one, challenges the user, and lets in who knows the password', () => {
    const stage = new Stage();
    expect(stage.connect({})).toBe('[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ]');
    expect(stage.connect({ authmod: 'adobe', user: 'camera1' })).toMatch(
      /^\[ AccessManager\.Reject \] : \[ authmod=adobe \] : \?reason=needauth&user=camera1&salt=\w+&challenge=[\w.]+&opaque=[\w.]+$/,
    );
    expect(stage.connect(stage.answer('camera1', PASSWORD))).toBe('granted');
  });

  it('takes base64 whose plus has become a space in a query', () => {
    const stage = new Stage();
    for (let round = 0; round < 50; round += 1) {
      const answer = stage.answer('camera1', PASSWORD);
      if (!answer.response?.includes('+')) continue;
      const response = answer.response.replaceAll('+', ' ');
      expect(stage.connect({ ...answer, response })).toBe('granted');
      return;
    }
    throw new Error('no plus in fifty responses');
  });

  it.each([
    ['a wrong password', (stage: Stage) => stage.answer('camera1', 'guess')],
    ['a user that there is not', (stage: Stage) => stage.answer('nobody', PASSWORD)],
    ['another user’s answer', (stage: Stage) => ({ ...stage.answer('nobody', PASSWORD), user: 'camera1' })],
    [
      'a challenge of its own making',
      (stage: Stage) => ({ ...stage.answer('camera1', PASSWORD), opaque: 'x.y.z' }),
    ],
    ['no opaque', (stage: Stage) => ({ ...stage.answer('camera1', PASSWORD), opaque: '' })],
  ])('refuses %s, and never says which', (_, answer) => {
    const stage = new Stage();
    expect(stage.connect(answer(stage))).toBe(
      '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed',
    );
  });

  it('refuses an answer that was given before, and one that comes too late', () => {
    const stage = new Stage();
    const answer = stage.answer('camera1', PASSWORD);
    expect(stage.connect(answer)).toBe('granted');
    expect(stage.connect(answer)).toMatch(/authfailed/);
    const late = stage.answer('camera1', PASSWORD);
    stage.now += 60_001;
    expect(stage.connect(late)).toMatch(/authfailed/);
  });

  it('challenges users that there are not like those that there are', () => {
    const stage = new Stage();
    const shape = (user: string) =>
      stage
        .connect({ authmod: 'adobe', user })
        .replace(user, 'U')
        .replaceAll(/[0-9a-z.]{8,}/g, 'X');
    expect(shape('nobody')).toBe(shape('camera1'));
  });

  it('says nothing back that could be more than a name', () => {
    expect(new Stage().connect({ authmod: 'adobe', user: 'a&b=c?<d>\n' })).toContain('user=abcd&');
  });
});
