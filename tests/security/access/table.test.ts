import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/core/limits.js';
import { accessLimits } from '../../../src/security/access/limits.js';
import { withCredential } from '../../../src/security/access/changes.js';
import { CredentialTable } from '../../../src/security/access/table.js';
import { splitToken, tokenText } from '../../../src/ports/access.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { RecordingLogger } from '../../support/doors.js';
import { credential, fileOf, secretOf, TableStand } from './support.js';

const WRONG = 'A'.repeat(43);

async function stand(): Promise<TableStand> {
  return new TableStand(
    await credential('maria', 'escrita', ['a/']),
    await credential('jose', 'leitura', ['']),
    await credential('velha', 'leitura', [''], { expiresMs: 1_000 }),
    await credential('so-cert', 'leitura', [''], { secret: undefined, certificates: ['CN=so'] }),
  );
}

describe('logins', () => {
  it('lets in who has the secret, with the real hash', async () => {
    const wanted = {
      name: 'ana',
      role: 'escrita',
      prefixes: ['x/'],
      certificates: [],
      createdMs: 0,
      expiresMs: undefined,
    } as const;
    const { file, token } = await withCredential(fileOf(), wanted);
    const { name, secret } = splitToken(token ?? '');
    const options = { time: new ManualTime(), logger: new RecordingLogger() };
    const table = new CredentialTable(file, options);
    expect(await table.authenticate(name, secret, 'x')).toMatchObject({
      name: 'ana',
      role: 'escrita',
      prefixes: ['x/'],
      valid: true,
    });
    await expect(table.authenticate(name, `${secret.slice(0, -1)}!`, 'x')).rejects.toMatchObject({
      code: 'NAO_AUTENTICADO',
    });
    expect(JSON.stringify(file)).not.toContain(secret);
  });

  it('finds whom a broker has authenticated by name, until the credential is over', async () => {
    const { table, time } = await stand();
    expect(table.named('maria', undefined)).toMatchObject({
      name: 'maria',
      role: 'escrita',
      prefixes: ['a/'],
    });
    expect(table.named('so-cert', undefined).role).toBe('leitura');
    const maria = table.named('maria', undefined);
    time.advance(2_000);
    for (const name of ['velha', 'ninguem', 'MARIA', 'maria/', '', '__proto__']) {
      expect(() => table.named(name, undefined)).toThrow(/não vale/);
    }
    expect(table.refusals.NAO_AUTENTICADO).toBe(6);
    table.replace(fileOf(await credential('jose', 'leitura', [''])));
    expect(maria.valid).toBe(false);
    expect(() => table.named('maria', undefined)).toThrow(/não vale/);
  });

  it('splits what it joined, and takes anything else for a secret of nobody', () => {
    expect(splitToken(tokenText('maria', 'x.y'))).toEqual({ name: 'maria', secret: 'x.y' });
    for (const text of ['', 'maria.x', 'kvs_maria', 'KVS_maria.x', 'Bearer kvs_maria.x']) {
      expect(splitToken(text)).toEqual({ name: '', secret: text });
    }
  });

  it('whatever is wrong costs one slow hash and gets one answer', async () => {
    const { table, time } = await stand();
    time.advance(2_000);
    const answers = new Set<string>();
    const wrong: readonly (readonly [string, string])[] = [
      ['maria', WRONG],
      ['ninguem', WRONG],
      ['maria', secretOf('jose')],
      ['velha', secretOf('velha')],
      ['so-cert', WRONG],
      ['', ''],
      ['maria\0', secretOf('maria')],
      ['MARIA', secretOf('maria')],
      ['não é nome', WRONG],
      ['maria', 'x'.repeat(100_000)],
    ];
    for (const [name, secret] of wrong) {
      const error = await Promise.resolve(table.authenticate(name, secret, `from ${name}`)).catch(
        (e: unknown) => e,
      );
      answers.add(String(error));
    }
    expect(answers.size).toBe(1);
    expect(table.refusals.NAO_AUTENTICADO).toBe(wrong.length);
  });

  it.each([
    ['a wrong secret', 'maria', WRONG],
    ['an unknown name', 'ninguem', WRONG],
    ['no name', '', WRONG],
    ['what is no name', 'não é nome', WRONG],
    ['a secret that is too long', 'maria', 'x'.repeat(100_000)],
    ['an expired credential', 'velha', secretOf('velha')],
    ['a credential without a secret', 'so-cert', WRONG],
  ])('one slow hash for %s', async (_what, name, secret) => {
    const here = await stand();
    here.time.advance(2_000);
    expect(await here.login(name, secret)).toBe('NAO_AUTENTICADO');
    expect(here.hashes).toBe(1);
  });

  it('remembers a verified token for a bounded time', async () => {
    const here = await stand();
    expect(await here.login('maria')).toBe('maria');
    const again = here.table.authenticate('maria', secretOf('maria'), '10.0.0.9');
    // At once: no promise, no hash.
    expect(again).toMatchObject({ name: 'maria' });
    expect(here.hashes).toBe(1);
    here.time.advance(accessLimits.rememberMs);
    expect(await here.login('maria')).toBe('maria');
    expect(here.hashes).toBe(2);
  });

  it('the same token many times at once is one slow hash', async () => {
    const here = await stand();
    const all = await Promise.all(Array.from({ length: 500 }, () => here.login('maria')));
    expect(new Set(all)).toEqual(new Set(['maria']));
    expect(here.hashes).toBe(1);
  });
});

describe('limits', () => {
  it('10,000 wrong logins are few hashes, little memory, and shut out nobody who was let in', async () => {
    const here = await stand();
    await here.login('maria');
    let refused = 0;
    for (let i = 0; i < 10_000; i++) {
      // From one address, from many, and with names that exist or not.
      const from = i % 2 === 0 ? '10.0.0.1' : `10.1.${String(i >> 8)}.${String(i % 256)}`;
      const code = await here.login(i % 3 === 0 ? 'jose' : `n${String(i)}`, `${WRONG}${String(i)}`, from);
      if (code === 'LIMITE_TENTATIVAS') refused++;
      else expect(code).toBe('NAO_AUTENTICADO');
      // Within the time that it is remembered, and after.
      if (i % 1000 === 0) expect(await here.login('maria')).toBe('maria');
    }
    expect(here.hashes).toBeLessThan(accessLimits.attempts + accessLimits.attemptsPerAddress + 5);
    expect(refused).toBeGreaterThan(9_000);
    expect(here.table.refusals.LIMITE_TENTATIVAS).toBe(refused);
    expect(here.table.refusals.NAO_AUTENTICADO).toBe(10_000 - refused);
    expect(here.table.rememberedTokens).toBe(1);
    here.time.advance(accessLimits.rememberMs);
    for (let i = 0; i < 500; i++) await here.login('jose', `${WRONG}${String(i)}`);
    // Its own time is over too, and it needs no attempt to be known again.
    expect(await here.login('maria')).toBe('maria');
  });

  it('who logged in from an address is not held up by what others do from others', async () => {
    const here = await stand();
    await here.login('maria', secretOf('maria'), '10.0.0.2');
    for (let i = 0; i < 500; i++) await here.login('x', `${WRONG}${String(i)}`, `10.9.0.${String(i % 250)}`);
    expect(await here.login('jose', secretOf('jose'), '10.0.0.3')).toBe('LIMITE_TENTATIVAS');
    expect(await here.login('jose', secretOf('jose'), '10.0.0.2')).toBe('jose');
  });

  it('lets attempts through again after a while, and right ones cost none', async () => {
    const here = await stand();
    for (let i = 0; i < accessLimits.attemptsPerAddress; i++)
      expect(await here.login('x', `${WRONG}${String(i)}`)).toBe('NAO_AUTENTICADO');
    expect(await here.login('jose')).toBe('LIMITE_TENTATIVAS');
    here.time.advance(accessLimits.attemptMs);
    expect(await here.login('jose')).toBe('jose');
    expect(await here.login('maria')).toBe('maria');
  });

  it('takes a /64 of IPv6 for one address', async () => {
    const here = await stand();
    for (let i = 0; i < 50; i++) await here.login('x', `${WRONG}${String(i)}`, `2001:db8::${i.toString(16)}`);
    expect(here.hashes).toBe(accessLimits.attemptsPerAddress);
    expect(await here.login('jose', secretOf('jose'), '2001:db8:0:1::1')).toBe('jose');
  });

  it('the queue of hashes has an end', async () => {
    const here = await stand();
    let open = (): void => undefined;
    here.gate = new Promise((resolve) => (open = resolve));
    const logins = Array.from({ length: 200 }, (_, i) =>
      here.login(`n${String(i)}`, WRONG, `10.2.0.${String(i)}`),
    );
    open();
    const codes = await Promise.all(logins);
    expect(codes.filter((code) => code === 'NAO_AUTENTICADO').length).toBe(
      accessLimits.hashesQueued + accessLimits.hashesAtOnce,
    );
  });
});

describe('reload', () => {
  it('drops what was revoked or changed, and nothing else', async () => {
    const here = await stand();
    const [maria, jose] = [
      await here.table.authenticate('maria', secretOf('maria'), 'x'),
      await here.table.authenticate('jose', secretOf('jose'), 'x'),
    ];
    const kept = await credential('maria', 'leitura', ['a/']);
    here.table.replace(fileOf(kept));
    expect([maria.valid, jose.valid]).toEqual([false, false]);
    expect(here.table.rememberedTokens).toBe(0);
    expect(await here.login('jose')).toBe('NAO_AUTENTICADO');
    const changed = await here.table.authenticate('maria', secretOf('maria'), 'x');
    expect(changed).toMatchObject({ role: 'leitura', valid: true });
    here.table.replace(fileOf(kept, await credential('nova', 'leitura', [''])));
    expect(changed.valid).toBe(true);
    expect(here.table.authenticate('maria', secretOf('maria'), 'x')).toBe(changed);
  });

  it('a login under way when its credential goes is refused', async () => {
    const here = await stand();
    let open = (): void => undefined;
    here.gate = new Promise((resolve) => (open = resolve));
    const login = here.login('maria');
    here.table.replace(fileOf());
    open();
    expect(await login).toBe('NAO_AUTENTICADO');
    expect(here.table.rememberedTokens).toBe(0);
  });

  it('a credential that expires is over, also where it is remembered', async () => {
    const here = await stand();
    const identity = await here.table.authenticate('velha', secretOf('velha'), 'x');
    expect(identity.valid).toBe(true);
    here.time.advance(1_000);
    expect(identity.valid).toBe(false);
    expect(await here.login('velha')).toBe('NAO_AUTENTICADO');
  });
});

describe('certificates', () => {
  it('name a credential by their whole subject', async () => {
    const here = await stand();
    expect(here.table.recognise('CN=so', 'x').name).toBe('so-cert');
    for (const subject of ['CN=SO', 'CN=so,O=UFU', 'so', '', 'CN=s']) {
      expect(() => here.table.recognise(subject, 'x')).toThrow(
        expect.objectContaining({ code: 'NAO_AUTENTICADO' }) as Error,
      );
    }
    here.table.replace(fileOf());
    expect(() => here.table.recognise('CN=so', 'x')).toThrow();
  });

  it('let in also while guesses have used up all logins', async () => {
    const here = await stand();
    for (let i = 0; i < 500; i++) await here.login('x', `${WRONG}${String(i)}`, `10.9.0.${String(i % 250)}`);
    expect(await here.login('jose', secretOf('jose'), '10.0.0.3')).toBe('LIMITE_TENTATIVAS');
    expect(here.table.recognise('CN=so', '10.0.0.3').name).toBe('so-cert');
  });
});

describe('the log', () => {
  it('names who is known and where from, and never what may be a secret', async () => {
    const here = await stand();
    await here.login('maria', WRONG);
    await here.login(WRONG, WRONG);
    await here.login(secretOf('maria'), 'maria');
    here.time.advance(limits.burstLogMs);
    const text = JSON.stringify(here.logger.lines);
    expect(text).toContain('maria de 10.0.0.1');
    expect(text).toContain('desconhecido de 10.0.0.1');
    expect(text).not.toContain(WRONG);
    expect(text).not.toContain(secretOf('maria'));
    expect(here.logger.lines.length).toBe(2);
  });
});
