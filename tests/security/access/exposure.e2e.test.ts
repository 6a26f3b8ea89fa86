import { describe, expect, it } from 'vitest';
import { serverConfig } from '../../../src/config/server-config.js';
import { assertPrivate } from '../../../src/config/exposure.js';
import { isLoopback } from '../../../src/security/tls/loopback.js';
import { kvs } from '../../support/kvs-program.js';

describe('what only this machine reaches', () => {
  it.each([
    ...['127.0.0.1', '127.1.2.3', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', '::1%lo'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:127.9.9.9'],
  ])('%s', (address) => expect(isLoopback(address)).toBe(true));

  it.each([
    ...['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '126.255.255.255', '::2', 'fe80::1', '::ffff:10.0.0.1'],
    ...['::ffff:0.0.0.0', '1.127.0.0', 'localhost', '127.0.0.1.example.com', '127.1', '0', '', '::127.0.0.1'],
  ])('not %j', (address) => expect(isLoopback(address)).toBe(false));
});

describe('a server without credentials', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    localhost: ['::1', '127.0.0.1'],
    '127.1': ['127.0.0.1'],
    '0': ['0.0.0.0'],
    ambos: ['127.0.0.1', '10.0.0.1'],
    fora: ['10.0.0.1'],
  };
  const check = (flags: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    assertPrivate(serverConfig({ flags, env: {}, file: undefined }), (name) =>
      Promise.resolve(names[name] ?? []),
    );

  it.each([{}, { host: '::1' }, { host: 'localhost' }, { host: '127.1' }, { 'broker-local': '[::1]:9' }])(
    'starts with %j',
    async (flags) => {
      await expect(check(flags)).resolves.toEqual([]);
    },
  );

  const leader = { motor: 'lider', 'porta-mensagem': '10097' };
  it.each<[Readonly<Record<string, string>>, string]>([
    [{ host: '0.0.0.0' }, '--host 0.0.0.0'],
    [{ host: '::' }, '--host ::'],
    [{ host: '0' }, '--host 0'],
    [{ host: '10.1.2.3' }, '--host 10.1.2.3'],
    [{ host: 'fora' }, '--host fora'],
    [{ host: 'ambos' }, '--host ambos'],
    [{ host: 'ninguem-sabe' }, '--host ninguem-sabe'],
    [{ 'broker-local': '0.0.0.0:1883' }, '--broker-local 0.0.0.0'],
    [{ ...leader, escuta: '0.0.0.0:10097' }, '--escuta 0.0.0.0'],
    [
      { ...leader, host: '10.1.2.3', lider: '10.1.2.3:10097', 'servidores-lider': '10.1.2.3:10097' },
      '--host 10.1.2.3',
    ],
    [{ motor: 'consenso', host: '0.0.0.0' }, '--host 0.0.0.0'],
  ])('does not start with %j, and says what to do', async (flags, place) => {
    const own = flags['motor'] === 'lider' ? { 'credencial-servidor': 't' } : {};
    const known = { credenciais: 'c.json', ...own };
    const error = await check(flags).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIGURACAO' });
    expect(String(error)).toContain(`${place} atende outras máquinas`);
    expect(String(error)).toMatch(/kvs credencial cria .* --credenciais credenciais\.json/);
    expect(String(error)).not.toContain('\n');
    // With credentials, tokens come in: over TLS, or with a warning where there is none.
    if (flags['motor'] === 'lider') {
      expect(await check({ ...flags, ...known })).toEqual([expect.stringContaining('às claras')]);
      return;
    }
    await expect(check({ ...flags, ...known })).rejects.toThrow('--tls-certificado e --tls-chave');
    const tls = { 'tls-certificado': 'c.pem', 'tls-chave': 'k.pem' };
    const key = flags['motor'] === 'consenso' ? {} : { 'chave-frota': 'f.chave' };
    await expect(check({ ...flags, ...known, ...tls, ...key })).resolves.toEqual([]);
  });

  it('may be told of brokers elsewhere: those have doors of their own', async () => {
    await expect(check({ broker: 'mqtt://10.0.0.1', 'broker-local': '0.0.0.0:1883' })).resolves.toEqual([]);
  });

  it('is warned of a password that goes to a broker for others to read', async () => {
    const file = { 'broker-credenciais': 'b.txt' };
    const quiet = ['mqtts://10.0.0.1', 'wss://10.0.0.1', 'mqtt://127.0.0.1', 'ws://localhost'].join(',');
    await expect(check({ ...file, broker: quiet })).resolves.toEqual([]);
    for (const broker of ['mqtt://10.0.0.1', 'ws://fora', 'mqtt://127.0.0.1.exemplo']) {
      const warnings = [expect.stringMatching(/senha do broker .* às claras .*mqtts:/)];
      await expect(check({ ...file, broker })).resolves.toEqual(warnings);
      const portal = { motor: 'consenso', portal: 'admin', 'portal-broker': broker };
      await expect(check({ ...file, ...portal })).resolves.toEqual(warnings);
    }
  });
});

describe('credentials without a key for the fleet', () => {
  it('guard the doors and not the broker, which is said', async () => {
    const check = (flags: Readonly<Record<string, string>>): Promise<readonly string[]> =>
      assertPrivate(serverConfig({ flags, env: {}, file: undefined }));
    const warnings = [expect.stringMatching(/publica no broker .* sem credencial.*--chave-frota/)];
    await expect(check({ credenciais: 'c.json' })).resolves.toEqual(warnings);
    await expect(check({ credenciais: 'c.json', 'chave-frota': 'f.chave' })).resolves.toEqual([]);
    await expect(check({ credenciais: 'c.json', motor: 'consenso' })).resolves.toEqual([]);
  });
});

describe('the topics of a portal with credentials', () => {
  const check = (flags: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    assertPrivate(serverConfig({ flags, env: {}, file: undefined }));
  const known = { credenciais: 'c.json', portal: 'admin', 'chave-frota': 'f.chave' };
  const common = { credenciais: 'c.json', portal: 'admin', motor: 'consenso' };
  const topics = { ...common, 'portal-broker': 'mqtt://127.0.0.1' };

  it('are closed where the broker is not told who servers are, which is said', async () => {
    const warnings = [expect.stringMatching(/tópicos do portal ficam fechados.*--broker-credenciais/)];
    for (const flags of [known, topics]) {
      await expect(check(flags)).resolves.toEqual(warnings);
      await expect(check({ ...flags, 'broker-credenciais': 'b.txt' })).resolves.toEqual([]);
    }
  });

  it('are not spoken of where there are none, or nobody is asked', async () => {
    await expect(check(common)).resolves.toEqual([]);
    await expect(check({ credenciais: 'c.json', 'chave-frota': 'f.chave' })).resolves.toEqual([]);
    await expect(check({ portal: 'admin' })).resolves.toEqual([]);
  });
});

describe('a token on its way', () => {
  it.each([
    ['cliente', '-a', '203.0.113.1', '-o', 'consulta', '-k', 'a/k'],
    ['cliente', '--servidores', '127.0.0.1:1,kvs.exemplo:1', 'get', '--chave', 'a/k'],
    ['exporta', '-a', '2001:db8::1'],
    ['admin', '-a', '10.0.0.1', '--base', 'aluno', '--op', 'getall'],
  ])('is not sent in the clear to other machines: %s %s %s', async (...words) => {
    const secret = 'A'.repeat(43);
    const variables = { KVS_TOKEN: `kvs_maria.${secret}` };
    const { code, stdout, stderr } = await kvs(words, variables);
    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(/kvs: o token iria às claras até [^\n]*--tls-ca[^\n]*\n$/);
    expect(stdout + stderr).not.toContain(secret);
  });
});
