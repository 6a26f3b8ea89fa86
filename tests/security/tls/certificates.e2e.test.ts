import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, open as openFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkIdentity } from '../../../src/security/tls/identity.js';
import { kvs } from '../../support/kvs-program.js';

const DAY_MS = 86_400_000;

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'kvs-certificados-'));
});
afterAll(() => rm(parent, { recursive: true, force: true }));

async function certificate(folder: string, name: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(folder, `${name}.pem`)));
}

describe('kvs certificados', () => {
  it('makes an authority, a server of this machine and clients; only the owner can read the keys', async () => {
    const folder = join(parent, 'todos');
    const made = await kvs([
      'certificados',
      folder,
      '--cliente',
      'maria',
      '--cliente',
      'ana',
      '--dias',
      '10',
    ]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['ca.pem', 'servidor.pem', 'cliente-maria.pem', 'cliente-ana.pem']) {
      expect(made.stdout).toContain(name);
    }
    expect(made.stdout).toContain('Só para testes');
    expect(made.stdout).toContain(`--tls-ca ${join(folder, 'ca.pem')}`);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const file of await readdir(folder)) {
      const { mode } = await stat(join(folder, file));
      expect({ file, mode: mode & 0o777 }).toEqual({
        file,
        mode: file.endsWith('-chave.pem') ? 0o600 : 0o644,
      });
    }
    const ca = await certificate(folder, 'ca');
    expect(ca.ca).toBe(true);
    for (const name of ['servidor', 'cliente-maria', 'cliente-ana']) {
      const one = await certificate(folder, name);
      const key = createPrivateKey(await readFile(join(folder, `${name}-chave.pem`)));
      expect(one.verify(ca.publicKey) && one.checkIssued(ca) && one.checkPrivateKey(key) && !one.ca).toBe(
        true,
      );
      expect(key.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
      const days = (Date.parse(one.validTo) - Date.now()) / DAY_MS;
      expect(days).toBeGreaterThan(9.9);
      expect(days).toBeLessThanOrEqual(10);
    }
    const server = await certificate(folder, 'servidor');
    expect(server.checkHost('localhost')).toBeDefined();
    for (const address of ['127.0.0.1', '::1']) expect(server.checkIP(address)).toBeDefined();
    expect(server.checkHost('kvs.exemplo')).toBeUndefined();
    expect((await certificate(folder, 'cliente-maria')).subject).toBe('CN=maria');
    const serials = await Promise.all(
      ['ca', 'servidor', 'cliente-maria', 'cliente-ana'].map(
        async (name) => (await certificate(folder, name)).serialNumber,
      ),
    );
    expect(new Set(serials).size).toBe(4);
  });

  it('does not write a key into a file that was already in place of the partial one', async () => {
    const folder = join(parent, 'parcial');
    await mkdir(folder);
    // Whoever has it open reads what is written into it, whatever its mode becomes.
    const left = join(folder, 'servidor-chave.pem.parcial');
    await writeFile(left, 'de outro', { mode: 0o666 });
    const open = await openFile(left);
    expect((await kvs(['certificados', folder])).code).toBe(0);
    expect(await open.readFile('utf8')).toBe('de outro');
    await open.close();
  });

  it('does not change what is there without --substitui, and never the authority', async () => {
    const folder = join(parent, 'outra-vez');
    expect((await kvs(['certificados', folder, '--cliente', 'maria'])).code).toBe(0);
    const content = async (): Promise<string[]> =>
      Promise.all((await readdir(folder)).sort().map((file) => readFile(join(folder, file), 'utf8')));
    const before = await content();
    for (const more of [
      [],
      ['--nome', 'kvs.exemplo'],
      ['--cliente', 'maria'],
      ['--cliente', 'nova', '--cliente', 'maria'],
    ]) {
      const { code, stdout, stderr } = await kvs(['certificados', folder, ...more]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^kvs: .*--substitui\n$/);
      expect(await content()).toEqual(before);
    }
    const authority = await readFile(join(folder, 'ca.pem'), 'utf8');
    const [server, client] = [
      await certificate(folder, 'servidor'),
      await certificate(folder, 'cliente-maria'),
    ];
    expect((await kvs(['certificados', folder, '--cliente', 'joana'])).code).toBe(0);
    expect((await certificate(folder, 'servidor')).serialNumber).toBe(server.serialNumber);
    const again = await kvs([
      'certificados',
      folder,
      '--nome',
      'kvs.exemplo',
      '--nome',
      '10.0.0.7',
      '--substitui',
    ]);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(join(folder, 'ca.pem'), 'utf8')).toBe(authority);
    expect((await certificate(folder, 'cliente-maria')).serialNumber).toBe(client.serialNumber);
    const renewed = await certificate(folder, 'servidor');
    expect(renewed.checkHost('kvs.exemplo')).toBeDefined();
    expect(renewed.checkIP('10.0.0.7')).toBeDefined();
    // A server with a broker inside connects to it on loopback.
    expect(renewed.checkIP('127.0.0.1')).toBeDefined();
    expect(renewed.checkHost('outro.exemplo')).toBeUndefined();
    expect(renewed.verify(new X509Certificate(authority).publicKey)).toBe(true);
  });

  it.each([
    [['--dias', '0'], '--dias'],
    [['--dias', 'dez'], '--dias'],
    [['--cliente', '../fora'], '--cliente'],
    [['--cliente', ''], '--cliente'],
    [['--nome', 'a b/c'], '--nome'],
  ])('refuses %j in one line, and writes nothing', async (args, option) => {
    const folder = join(parent, 'recusado');
    const { code, stdout, stderr } = await kvs(['certificados', folder, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^kvs: ${option}[^\\n]*\\n$`));
    await expect(readdir(folder)).rejects.toThrow();
  });

  it('a folder that cannot be written to', async () => {
    const { code, stderr } = await kvs(['certificados', '/dev/null/pasta']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^kvs: não consegui criar a pasta [^\n]*\n$/);
  });
});

it('a certificate holds for the IPv6 addresses that it has, however they are written, and for no other', async () => {
  const folder = join(parent, 'ipv6');
  await kvs(['certificados', folder, '--nome', '2001:db8::5']);
  const { raw, subjectAltName } = await certificate(folder, 'servidor');
  const shown = { raw, subject: {}, subjectaltname: subjectAltName } as unknown as PeerCertificate;
  expect(checkIdentity('2001:db8::5', shown)).toBeUndefined();
  expect(checkIdentity('2001:DB8:0::0:5', shown)).toBeUndefined();
  expect(checkIdentity('2001:db8::6', shown)).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});
