import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { splitToken } from '../../../src/ports/access.js';
import { TestCertificates, pairArgs } from '../../support/certificates.js';
import { Console } from '../../support/leader-process.js';
import { freeAddresses } from '../../support/leader-nodes.js';
import { eventually } from '../../support/eventually.js';
import { connect, reasonOf } from '../../support/kvs-client.js';
import type { KvsClient } from '../../support/kvs-client.js';
import { kvs } from '../../support/kvs-program.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { ServerProcess } from '../../support/server-process.js';

/** No broker: the server goes on alone, which is all that is needed here. */
const ALONE = ['--broker', 'mqtt://127.0.0.1:1'];
const WRONG_SECRET = 'segredoErrado0123456789abcdefghijklmnopqrst';

let folder: string;
let file: string;
/** Everything that must never be seen: secrets, salts and hashes. */
const secrets: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvs-attack-'));
  file = join(folder, 'c.json');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Creates a credential; the file with its token. */
async function create(name: string, ...args: readonly string[]): Promise<string> {
  const path = join(folder, `${name}.token`);
  const made = await kvs(['credencial', 'cria', name, '--arquivo', file, '--saida', path, ...args]);
  expect(made).toMatchObject({ code: 0 });
  secrets.push(splitToken(await tokenIn(path)).secret);
  return path;
}

async function tokenIn(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}

function clientWith(port: number, token: string): KvsClient {
  const client = connect(port);
  client.metadata.set('authorization', `Bearer ${token}`);
  return client;
}

/** What `ps` shows of a process, and what the system keeps of its start. */
async function seenOf(pid: number): Promise<string> {
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  const kept = await Promise.all(
    ['cmdline', 'environ'].map((name) => readFile(`/proc/${String(pid)}/${name}`, 'utf8')),
  );
  return [stdout, ...kept].join('\n');
}

function expectNoSecret(text: string): void {
  for (const secret of [...secrets, WRONG_SECRET]) expect(text.includes(secret)).toBe(false);
}

describe('a server of a fleet with credentials', () => {
  let server: ServerProcess;
  let tokens: Readonly<Record<'maria' | 'jose' | 'raiz', string>>;
  let maria: KvsClient;
  let nobody: KvsClient;
  const errors: string[] = [];

  beforeAll(async () => {
    tokens = {
      maria: await create('maria', '--papel', 'escrita', '--prefixo', 'a/'),
      jose: await create('jose', '--papel', 'leitura', '--prefixo', 'a/'),
      raiz: await create('raiz', '--papel', 'administracao'),
    };
    const stored = JSON.parse(await readFile(file, 'utf8')) as { credenciais: Record<string, string>[] };
    for (const { sal, hash } of stored.credenciais) secrets.push(sal!, hash!);
    server = await ServerProcess.start({
      fleet: 'ataque',
      args: [...ALONE, '--credenciais', file, '--log-nivel', 'debug'],
    });
    await eventually('the server serves', () => server.logged('atendendo'));
    maria = clientWith(server.port, await tokenIn(tokens.maria));
    nobody = connect(server.port);
  });
  afterAll(async () => {
    maria.close();
    nobody.close();
    await server.stop();
  });

  async function refusal(call: Promise<unknown>): Promise<string> {
    try {
      await call;
      return 'OK';
    } catch (error) {
      errors.push(String(error), JSON.stringify(error), reasonOf(error) ?? '');
      return status[(error as { readonly code: number }).code] ?? '';
    }
  }

  it('serves whose token is good, and no one else', async () => {
    expect((await maria.insere('a/k', 'valor')).versao).toBe(1);
    expect(await refusal(nobody.insere('a/k', 'mal'))).toBe('UNAUTHENTICATED');
    expect(await refusal(nobody.snapshot())).toBe('UNAUTHENTICATED');
    expect(await refusal(maria.insere('b/k', 'mal'))).toBe('PERMISSION_DENIED');
    const p = ['-p', String(server.port)];
    const asked = ['-o', 'consulta', '-k', 'a/k'];
    const read = await kvs(['cliente', ...p, ...asked, '--credencial', tokens.jose, '--descobre', '--json']);
    expect(read).toMatchObject({ code: 0, stderr: '' });
    expect(read.stdout).toContain('"valor"');
    for (const [words, variables, code, text] of [
      [['cliente', ...p, ...asked], {}, 4, 'pede uma credencial'],
      [
        ['cliente', ...p, '-o', 'insere', '-k', 'a/k', '-v', 'mal', '--credencial', tokens.jose],
        {},
        4,
        'não pode escrever',
      ],
      [['cliente', ...p, ...asked], { KVS_TOKEN: `kvs_maria.${WRONG_SECRET}` }, 4, 'não vale neste servidor'],
      [['cliente', ...p, 'get', '--chave', 'a/k'], { KVS_TOKEN: await tokenIn(tokens.maria) }, 0, ''],
      [['exporta', ...p], { KVS_CREDENCIAL: tokens.jose }, 0, ''],
    ] as const) {
      const ended = await kvs(words, variables);
      expect([words, ended.code, ended.stderr.includes(text)]).toEqual([words, code, true]);
      errors.push(ended.stdout, ended.stderr);
    }
  });

  it(
    '10,000 wrong logins: it goes on serving, in little memory, and counts them',
    { timeout: 120_000 },
    async () => {
      const before = await server.residentBytes();
      const attacker = connect(server.port);
      const codes = new Map<string, number>();
      for (let round = 0; round < 100; round++) {
        const attempts = Array.from({ length: 100 }, (_, i) => {
          const name = i % 2 === 0 ? 'maria' : `ninguem${String(i)}`;
          attacker.metadata.set(
            'authorization',
            `Bearer kvs_${name}.${WRONG_SECRET}${String(round * 100 + i)}`,
          );
          return refusal(attacker.insere('a/k', 'mal'));
        });
        for (const code of await Promise.all(attempts)) codes.set(code, (codes.get(code) ?? 0) + 1);
        if (round % 10 === 0) expect((await maria.consulta('a/k')).valor).toBe('valor');
        errors.splice(1_000);
      }
      attacker.close();
      expect([...codes.keys()].sort()).toEqual(['RESOURCE_EXHAUSTED', 'UNAUTHENTICATED']);
      expect(codes.get('UNAUTHENTICATED')).toBeLessThan(60);
      expect((await maria.insere('a/k', 'valor')).versao).toBe(2);
      expect((await server.residentBytes()) - before).toBeLessThan(200 * 1024 * 1024);
      await eventually(
        'a summary',
        () => server.log.some((line) => 'mais' in line && line.mensagem.startsWith('acesso recusado')),
        30_000,
      );
      // A burst is a few lines.
      expect(server.log.filter(({ mensagem }) => mensagem.startsWith('acesso recusado')).length).toBeLessThan(
        20,
      );
    },
  );

  it('what is too large or too deep is refused, and changes nothing', async () => {
    const large = 'x'.repeat(5 * 1024 * 1024);
    expect(await refusal(maria.insere('a/k', large))).toBe('RESOURCE_EXHAUSTED');
    // Messages each within the other, as a field that nobody knows.
    let nested = Buffer.alloc(0);
    for (let depth = 0; depth < 2_000; depth++) {
      const length = [];
      for (let rest = nested.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) break;
      }
      nested = Buffer.concat([Buffer.from([0x7a, ...length]), nested]);
    }
    errors.push(await refusal(nobody.insereBytes(nested)));
    expect((await maria.consulta('a/k')).versao).toBe(2);
  });

  it('a revoked token on an open stream ends it at the next request; a broken file changes nothing', async () => {
    const call = maria.open<{ versao: number }>('InsereVarias');
    const answers: number[] = [];
    const ended = new Promise<number>((resolve) => {
      call.on('error', (error) => resolve((error as unknown as { code: number }).code));
    });
    call.on('data', ({ versao }: { versao: number }) => answers.push(versao));
    call.write({ chave: 'a/k', valor: 'valor' });
    await eventually('the first answer', () => answers.length === 1);

    const good = await readFile(file, 'utf8');
    await writeFile(file, '['.repeat(100_000));
    process.kill(server.pid, 'SIGHUP');
    await eventually('it says so', () =>
      server.log.some(({ mensagem }) => mensagem === 'continua como estava: credenciais'),
    );
    call.write({ chave: 'a/k', valor: 'valor' });
    await eventually('the stream goes on', () => answers.length === 2);

    await writeFile(file, good);
    expect(await kvs(['credencial', 'revoga', 'maria', '--arquivo', file])).toMatchObject({ code: 0 });
    process.kill(server.pid, 'SIGHUP');
    await eventually('it has read it', () =>
      server.log.some(({ mensagem }) => mensagem === 'recarregado: credenciais'),
    );
    call.write({ chave: 'a/k', valor: 'mal' });
    expect(await ended).toBe(status.UNAUTHENTICATED);
    expect(answers).toEqual([3, 4]);
    expect(await refusal(maria.insere('a/k', 'mal'))).not.toBe('OK');
    const raiz = clientWith(server.port, await tokenIn(tokens.raiz));
    await eventually(
      'who was not revoked is served',
      async () => (await raiz.consulta('a/k')).versao === 4,
      30_000,
    );
    raiz.close();
  });

  it('no secret and no hash is in the log, the errors, the process list', async () => {
    expect(errors.length).toBeGreaterThan(100);
    expectNoSecret(JSON.stringify(server.log));
    expectNoSecret(server.plain.join('\n'));
    expectNoSecret(errors.join('\n'));
    expectNoSecret(await seenOf(server.pid));
    // The search finds what is there.
    expect(JSON.stringify(server.log)).toContain('maria');
  });
});

describe('client certificates', () => {
  it('stand for a credential by their subject, and a token goes before', { timeout: 60_000 }, async () => {
    const files = await TestCertificates.make();
    const [own, ana, rui] = [
      await files.server('servidor'),
      await files.client('ana'),
      await files.client('rui'),
    ];
    const subject = 'CN=ana';
    const made = await kvs([
      'credencial',
      'cria',
      'ana',
      '--papel',
      'escrita',
      '--prefixo',
      'c/',
      '--certificado',
      subject,
      '--arquivo',
      file,
    ]);
    expect(made).toMatchObject({ code: 0 });
    const token = await create('tok', '--papel', 'escrita', '--prefixo', 't/');
    const server = await ServerProcess.start({
      fleet: 'certificados',
      args: [...ALONE, '--credenciais', file, ...pairArgs(own), '--tls-ca', files.ca],
    });
    await eventually('the server serves', () => server.logged('atendendo'));
    const put = (key: string, ...args: readonly string[]) =>
      kvs([
        'cliente',
        '-p',
        String(server.port),
        '--tls-ca',
        files.ca,
        '-o',
        'insere',
        '-k',
        key,
        '-v',
        'valor',
        ...args,
      ]);
    expect(await put('c/k', ...pairArgs(ana))).toMatchObject({ code: 0 });
    expect(await put('t/k', ...pairArgs(ana))).toMatchObject({ code: 4 });
    expect((await put('c/k', ...pairArgs(rui))).stderr).toContain('o certificado apresentado não vale');
    expect((await put('c/k')).stderr).toContain('pede uma credencial');
    expect(await put('t/k', ...pairArgs(rui), '--credencial', token)).toMatchObject({ code: 0 });
    expect(await put('c/k', ...pairArgs(ana), '--credencial', token)).toMatchObject({ code: 4 });
    await server.stop();
    await files.remove();
  });
});

describe('the system with a leader', () => {
  it('serves whose token is good, and a server that shows its own', { timeout: 60_000 }, async () => {
    const maria = await create('lia', '--papel', 'escrita', '--prefixo', 'a/');
    const own = await create('no', '--papel', 'servidor');
    const addresses = await freeAddresses(2);
    const launch = (index: number) => {
      const port = addresses[index]!.split(':')[1]!;
      const system = ['--lider', addresses[0]!, '--servidores', addresses.join(',')];
      return Console.start([
        'lider-servidor',
        '--porta',
        port,
        ...system,
        '--credenciais',
        file,
        '--credencial-servidor',
        own,
        '--log-nivel',
        'debug',
      ]);
    };
    const servers = await Promise.all([launch(0), launch(1)]);
    for (const server of servers)
      await eventually('it serves', () => server.stderr.includes('servidor pronto'), 30_000);
    const ask = (...words: readonly string[]) =>
      kvs(['lider-cliente', '--servidores', addresses[1]!, ...words]);
    expect(await ask('--put', 'a/k', 'valor', '--get', 'a/k', '--credencial', maria)).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await ask('--put', 'b/k', 'valor', '--credencial', maria)).toMatchObject({ code: 4, stdout: '' });
    const without = await ask('--put', 'a/k', 'mal');
    expect(without).toMatchObject({ code: 4, stdout: '' });
    expect(without.stderr).toContain('"credencial"');
    const attacker = await MensagemClient.open(addresses[0]!);
    attacker.send({ tipo: 'PUT', chave: 'a/k', valor: 'mal', credencial: `kvs_lia.${WRONG_SECRET}` });
    expect(await attacker.answers(1)).toMatchObject({ codigo: 'NAO_AUTENTICADO' });
    for (const server of servers) {
      expectNoSecret(server.stdout + server.stderr);
      expectNoSecret(await seenOf(server.child.pid ?? 0));
      await server.stop();
    }
    attacker.close();
  });
});
