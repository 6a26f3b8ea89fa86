import { copyFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairArgs, TestCertificates } from '../../support/certificates.js';
import type { Pair } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { kvsDefinition } from '../../support/kvs-client.js';
import { kvs } from '../../support/kvs-program.js';
import { ServerProcess } from '../../support/server-process.js';
import { greet, pem, SilentServer } from '../../support/tls-peers.js';

/** No broker: the server goes on alone, which is all that is needed here. */
const ALONE = ['--broker', 'mqtt://127.0.0.1:1'];
/** They start programs, and wait for what a log sums up once in a while: several at once, on servers that no test changes. */
const AT_ONCE = { concurrent: true, timeout: 120_000 };
/** Who is refused learns it, however busy the machine is. */
const REFUSED_MS = 20_000;

let files: TestCertificates;
let server: Pair;
let client: Pair;

beforeAll(async () => {
  files = await TestCertificates.make();
  server = await files.server('servidor');
  client = await files.client('maria');
});
afterAll(() => files.remove());

async function serve(args: readonly string[]): Promise<ServerProcess> {
  const process = await ServerProcess.start({ fleet: 'tls', args: [...ALONE, ...args] });
  await eventually('the server serves', () => process.logged('atendendo'), 60_000);
  return process;
}

function refusals(process: ServerProcess): string[] {
  return process.log
    .filter(({ mensagem }) => mensagem.startsWith('conexão recusada'))
    .flatMap((line) => ('mais' in line ? Object.keys(line['mais'] as object) : [String(line['motivo'])]));
}

describe('gRPC with TLS', AT_ONCE, () => {
  let process: ServerProcess;
  beforeAll(async () => {
    process = await serve(pairArgs(server));
  }, 120_000);
  afterAll(() => process.stop());

  it('the client with the authority writes and reads; KVS_TLS_CA says the same as --tls-ca', async () => {
    const p = ['-p', String(process.port)];
    const put = await kvs([
      'cliente',
      ...p,
      '--tls-ca',
      files.ca,
      '-o',
      'insere',
      '-k',
      'nome',
      '-v',
      'Maria',
    ]);
    expect(put).toMatchObject({ code: 0, stderr: '' });
    const get = await kvs(['cliente', ...p, '-o', 'consulta', '-k', 'nome'], { KVS_TLS_CA: files.ca });
    expect(get).toMatchObject({ code: 0, stderr: '' });
    expect(get.stdout).toContain('Maria');
  });

  it('discovery, conversations and copies too', async () => {
    const target = ['-p', String(process.port), '--tls-ca', files.ca];
    const put = await kvs(['cliente', ...target, 'putall', '--chave', 'aaa', 'bbb', '--valor', '111', '222']);
    expect(put).toMatchObject({ code: 0, stderr: '' });
    const found = await kvs(['cliente', ...target, '--descobre', '-o', 'consulta', '-k', 'aaa']);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    const out = await kvs(['exporta', ...target]);
    expect(out.code).toBe(0);
    expect(out.stdout).toContain('"bbb"');
  });

  it.each([
    ['sem TLS', () => [], 'EXIGE_TLS'],
    ['com as autoridades públicas', () => ['--tls'], 'CERTIFICADO_DESCONHECIDO'],
    ['esperando outro nome', () => ['--tls-ca', files.ca, '--tls-nome', 'kvs.exemplo'], 'NOME_ERRADO'],
  ])('a client "%s" gets one line with what to do, and nothing is written', async (_, args, code) => {
    const write = ['-o', 'insere', '-k', 'recusada', '-v', 'xxx'];
    const {
      code: exit,
      stdout,
      stderr,
    } = await kvs(['cliente', '-p', String(process.port), ...args(), ...write]);
    expect({ exit, stdout }).toEqual({ exit: 5, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^kvs: .*\\[${code}\\]\\n$`));
    const look = ['-o', 'consulta', '-k', 'recusada'];
    const after = await kvs(['cliente', '-p', String(process.port), '--tls-ca', files.ca, ...look]);
    expect(after.code).toBe(3);
  });

  it('a client without TLS is disconnected and counted, and the others do not notice', async () => {
    await new Promise<void>((resolve) => {
      const socket = connectPlain(process.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
      socket.on('error', () => undefined).once('close', () => resolve());
    });
    await eventually('a refusal', () => refusals(process).includes('SEM_TLS'), 60_000);
  });

  it('TLS 1.3 is accepted, TLS 1.2 is not', async () => {
    const ca = readFileSync(files.ca);
    expect(await greet(process.port, { ca })).toMatchObject({ protocol: 'TLSv1.3', error: undefined });
    const old = await greet(process.port, { ca, maxVersion: 'TLSv1.2' }, REFUSED_MS);
    expect(old).toMatchObject({ serial: undefined, error: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    await eventually('a refusal', () => refusals(process).includes('VERSAO_TLS'), 60_000);
  });
});

describe('servers that are not the expected ones', AT_ONCE, () => {
  it.each([
    ['vencido', () => files.server('vencido', undefined, -1), 'CERTIFICADO_VENCIDO'],
    ['assinado por si mesmo', () => Promise.resolve(files.selfSigned), 'CERTIFICADO_AUTOASSINADO'],
    ['de outra autoridade', () => files.strangerServer(), 'CERTIFICADO_DESCONHECIDO'],
    ['de outro nome', () => files.server('outro', ['kvs.exemplo']), 'NOME_ERRADO'],
    ['nenhum: não fala TLS', () => Promise.resolve(undefined), 'SEM_TLS'],
  ])('certificate %s', async (_, make, code) => {
    const other = await SilentServer.start(await make());
    const words = [
      ...['cliente', '-p', String(other.port), '--tls-ca', files.ca],
      ...['-o', 'insere', '-k', 'chave', '-v', 'valor'],
    ];
    // What switches the checks of other programs off does not count: these were asked for. Node.js warns of it.
    const variables = [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' }];
    const ends = await Promise.all(variables.map((some) => kvs(words, some)));
    await other.stop();
    for (const { code: exit, stderr } of ends) {
      expect(exit).toBe(5);
      expect(stderr).toMatch(new RegExp(`^kvs: .*\\[${code}\\]\\n$`));
    }
  });

  it('the expected name may differ from the address', async () => {
    const process = await serve(pairArgs(await files.server('outro-nome', ['kvs.exemplo'])));
    const args = ['-p', String(process.port), '--tls-ca', files.ca, '--tls-nome', 'kvs.exemplo'];
    const put = await kvs(['cliente', ...args, '-o', 'insere', '-k', 'chave', '-v', 'valor']);
    await process.stop();
    expect(put).toMatchObject({ code: 0, stderr: '' });
  });

  it('a server without TLS: the client with TLS says what to do, and the server counts', async () => {
    const process = await serve([]);
    const args = ['-p', String(process.port), '--tls-ca', files.ca];
    const put = await kvs(['cliente', ...args, '-o', 'insere', '-k', 'chave', '-v', 'valor']);
    expect(put).toMatchObject({ code: 5 });
    expect(put.stderr).toMatch(/^kvs: .*\[SEM_TLS\]\n$/);
    await eventually('a refusal', () => refusals(process).includes('EXIGE_TLS'), 60_000);
    expect(await process.client.consulta('chave')).toMatchObject({ versao: 0 });
    await process.stop();
  });

  it('a server that speaks only TLS 1.2', async () => {
    const other = await SilentServer.start(server, { maxVersion: 'TLSv1.2' });
    const args = ['-p', String(other.port), '--tls-ca', files.ca];
    const { code, stderr } = await kvs(['cliente', ...args, '-o', 'consulta', '-k', 'chave']);
    await other.stop();
    expect(code).toBe(5);
    expect(stderr).toContain('[VERSAO_TLS]');
  });
});

describe('mutual TLS', AT_ONCE, () => {
  let process: ServerProcess;
  beforeAll(async () => {
    process = await serve([...pairArgs(server), '--tls-ca', files.ca, '--tls-exige-cliente']);
  }, 120_000);
  afterAll(() => process.stop());

  it('the client with a certificate is served', async () => {
    const args = ['-p', String(process.port), '--tls-ca', files.ca, ...pairArgs(client)];
    const put = await kvs(['cliente', ...args, '-o', 'insere', '-k', 'chave', '-v', 'valor']);
    expect(put).toMatchObject({ code: 0, stderr: '' });
  });

  it('the certificate says who the client is, and the credential what it may do', async () => {
    const list = join(files.folder, 'credenciais.json');
    const make = ['--papel', 'escrita', '--prefixo', 'loja/', '--certificado', 'CN=maria', '--arquivo', list];
    expect((await kvs(['credencial', 'cria', 'maria', ...make])).code).toBe(0);
    const known = await serve([...pairArgs(server), '--tls-ca', files.ca, '--credenciais', list]);
    const put = (key: string, shown: readonly string[]): ReturnType<typeof kvs> =>
      kvs([
        ...['cliente', '-p', String(known.port), '--tls-ca', files.ca, ...shown],
        ...['-o', 'insere', '-k', key, '-v', 'valor'],
      ]);
    expect(await put('loja/1', pairArgs(client))).toMatchObject({ code: 0, stderr: '' });
    expect(await put('caixa/1', pairArgs(client))).toMatchObject({ code: 4 });
    expect(await put('loja/2', [])).toMatchObject({ code: 4 });
    // The same name, from an authority that nobody asked.
    const forged = await put('loja/3', pairArgs(await files.strangerClient('maria')));
    expect(forged.code).toBe(5);
    expect(forged.stderr).toContain('[CERTIFICADO_RECUSADO]');
    await known.stop();
  });

  it('without a certificate: one line that says how', async () => {
    const args = ['-p', String(process.port), '--tls-ca', files.ca];
    const put = await kvs(['cliente', ...args, '-o', 'insere', '-k', 'sem-nada', '-v', 'valor']);
    expect(put.code).toBe(5);
    expect(put.stderr).toMatch(/^kvs: .*--tls-certificado.*\[SEM_CERTIFICADO\]\n$/);
    await eventually('a refusal', () => refusals(process).includes('SEM_CERTIFICADO'), 60_000);
  });

  it('expired, of another authority, self-signed: refused and counted', async () => {
    const bad = [
      [await files.client('velho', -1), 'CERTIFICADO_VENCIDO'],
      [await files.strangerClient('maria'), 'CERTIFICADO_DESCONHECIDO'],
      [files.selfSigned, 'CERTIFICADO_AUTOASSINADO'],
    ] as const;
    for (const [shown] of bad) {
      const { error } = await greet(process.port, { ca: readFileSync(files.ca), ...pem(shown) }, REFUSED_MS);
      expect(error).toMatch(/^(ECONNRESET|closed)$/);
    }
    const codes = bad.map(([, code]) => code);
    await eventually('the refusals', () => codes.every((code) => refusals(process).includes(code)), 60_000);
  });
});

describe('certificates reloaded without a restart', AT_ONCE, () => {
  it('new connections see the new one, open ones go on, and an unusable one changes nothing', async () => {
    const used = { certificate: join(files.folder, 'uso.pem'), key: join(files.folder, 'uso-chave.pem') };
    const use = async ({ certificate, key }: Pair): Promise<void> => {
      await copyFile(key, used.key);
      await copyFile(certificate, used.certificate);
    };
    const [first, second] = [server, await files.server('segundo')];
    const expired = await files.server('vencido-depois', undefined, -1);
    await use(first);
    const process = await serve(['--tls-certificado', used.certificate, '--tls-chave', used.key]);
    const ca = readFileSync(files.ca);
    const shown = async (): Promise<string | undefined> => (await greet(process.port, { ca }, 200)).serial;
    const reload = async (message: string): Promise<void> => {
      const before = process.log.filter((line) => line.mensagem === message).length;
      globalThis.process.kill(process.pid, 'SIGHUP');
      await eventually(
        message,
        () => process.log.filter((line) => line.mensagem === message).length > before,
        60_000,
      );
    };
    const session = connectHttp2(`https://localhost:${process.port}`, { ca });
    const held = new Client(`localhost:${process.port}`, credentials.createSsl(ca));
    const version = (): Promise<unknown> => call(held, 'Insere', { chave: 'chave', valor: 'valor' });
    expect(await version()).toMatchObject({ versao: 1 });
    expect(await shown()).toBe(first.serial);

    await use(second);
    expect(await shown()).toBe(first.serial);
    await reload('recarregado: certificados');
    expect(await shown()).toBe(second.serial);
    expect(await version()).toMatchObject({ versao: 2 });
    expect(session.destroyed).toBe(false);

    for (const [bad, why] of [
      [expired, 'venceu'],
      [{ ...first, key: second.key }, 'não é a do certificado'],
    ] as const) {
      await use(bad);
      await reload('continua como estava: certificados');
      const line = process.log.findLast(({ mensagem }) => mensagem.startsWith('continua como estava'));
      expect(line).toMatchObject({ nivel: 'error', codigo: 'CONFIGURACAO' });
      expect(String(line?.['motivo'])).toContain(why);
      expect(await shown()).toBe(second.serial);
    }
    expect(await version()).toMatchObject({ versao: 3 });
    session.destroy();
    held.close();
    await process.stop();
  });
});

describe('unusable files at the start', AT_ONCE, () => {
  it.each([
    [
      'que não existe',
      () => Promise.resolve(['--tls-certificado', '/nao/ha.pem', '--tls-chave', server.key]),
      'não existe',
    ],
    ['vencido', async () => pairArgs(await files.server('vencido-ao-abrir', undefined, -1)), 'venceu em'],
    [
      'com a chave de outro',
      () => Promise.resolve(['--tls-certificado', server.certificate, '--tls-chave', client.key]),
      'não é a do certificado',
    ],
    [
      'que não é PEM',
      () => Promise.resolve(['--tls-certificado', server.key, '--tls-chave', server.key]),
      'não tem um certificado',
    ],
    ['sem a chave', () => Promise.resolve(['--tls-certificado', server.certificate]), 'só valem juntos'],
    [
      'sem a autoridade de quem exige',
      () => Promise.resolve([...pairArgs(server), '--tls-exige-cliente']),
      'pede também',
    ],
  ])('certificate %s: one line, exit code 2', async (_, args, why) => {
    const { code, stdout, stderr } = await kvs(['servidor', '0', ...ALONE, ...(await args())]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^kvs: [^\n]*\n$/);
    expect(stderr).toContain(why);
    expect(stderr).not.toContain('PRIVATE');
  });
});

function call(client: Client, name: 'Insere', request: object): Promise<unknown> {
  const method = kvsDefinition[name];
  if (method === undefined) throw new Error(name);
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, reply) => {
      if (error) reject(error);
      else resolve(reply);
    });
  });
}
