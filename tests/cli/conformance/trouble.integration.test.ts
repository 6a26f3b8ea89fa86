import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src/cli/arguments.js';
import { runConformance } from '../../../src/cli/conformance/command.js';
import type { Output } from '../../../src/cli/output.js';
import { TestCertificates } from '../../support/certificates.js';
import { freePort } from '../../support/net.js';
import { runHere } from '../in-process.js';
import { check, quick } from './checks.js';
import { NaiveKvs } from './naive-kvs.js';

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function naive(...flaws: Parameters<typeof NaiveKvs.start>): Promise<NaiveKvs> {
  const server = await NaiveKvs.start(...flaws);
  ends.push(() => server.close());
  return server;
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('kvs confere: servers that cannot be checked are told in a sentence', () => {
  it('nobody listens', async () => {
    const port = await freePort();
    const { code, stderr, cases } = await check('kvs', [port]);
    expect({ code, stderr, cases }).toEqual({
      ...{ code: 5, cases: [] },
      stderr: `kvs: nenhum servidor responde em 127.0.0.1:${port} (conexão recusada)\n`,
    });
    expect((await check('mensagem', [port])).stderr).toContain('recusou a conexão');
  });

  it('one of several does not listen: the others are checked', async () => {
    const { port } = await naive();
    const { code, failed, stderr, summary } = await check('kvs', [port, await freePort()], ...quick);
    expect({ code, failed }).toEqual({ code: 5, failed: [] });
    expect(stderr).toContain('conexão recusada');
    expect(summary['semResposta']).toHaveLength(1);
  });

  it('another protocol: HTTP/1.1, TLS, lines', async () => {
    const http = await listening(createHttpServer((_, response) => response.end('olá')));
    expect(await check('kvs', [http], '--prazo', '1000')).toMatchObject({ code: 5, stderr: /não fala gRPC/ });
    expect(await check('mensagem', [http])).toMatchObject({ code: 4, stderr: /não é JSON/ });
    const certificates = await TestCertificates.make();
    ends.push(() => certificates.remove());
    const { certificate, key } = certificates.selfSigned;
    const tls = await listening(createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }));
    expect(await check('kvs', [tls], '--prazo', '1000')).toMatchObject({ code: 5, stderr: /só fala TLS/ });
    const { port } = await naive();
    expect(await check('mensagem', [port], '--prazo', '500')).toMatchObject({
      code: 4,
      stderr: /não é JSON|--campos/,
    });
  });

  it('another service', async () => {
    const { port } = await naive();
    const { code, stderr } = await check('keyvaluestore', [port], ...quick);
    expect(code).toBe(4);
    expect(stderr).toMatch(/fala gRPC, mas não oferece .*KeyValueStore: confira no seu \.proto/);
  });

  it('a server that accepts and says nothing', async () => {
    const port = await listening(createServer());
    for (const contract of ['kvs', 'mensagem']) {
      const { code, stderr } = await check(contract, [port], '--prazo', '200');
      expect(code).toBeGreaterThanOrEqual(4);
      expect(stderr).toMatch(/^kvs: [^\n]+\n$/);
    }
  });
});

describe('kvs confere: a server that leaves in the middle', () => {
  it('the report so far is shown, and the rest is not checked', async () => {
    const { port } = await naive('dies-at-remove');
    const { code, stderr, failed, cases, skipped, summary } = await check('kvs', [port], ...quick);
    expect(code).toBe(5);
    expect(failed).toHaveLength(1);
    expect(cases.length - failed.length - skipped.length).toBeGreaterThan(5);
    expect(cases.at(-1)?.motivo).toBe('um servidor não responde mais');
    expect(stderr).toMatch(/ficou algo escrito: .*não removeu \d+ de \d+ chaves/);
    expect(summary).toMatchObject({ incompleto: true });
  });

  it('one method that hangs does not hold up the others, until three in a row', async () => {
    const { port } = await naive('silent-remove');
    const { code, of, skipped } = await check('kvs', [port], '--prazo', '150');
    expect(code).toBe(5);
    expect(of('consulta-onde-falta-uma').causa).toContain('Remove não respondeu');
    expect(skipped.length).toBeGreaterThan(3);
  });

  it('a stream without an end', async () => {
    const { port } = await naive('stream-never-ends');
    const checked = await check('kvs', [port], '--prazo', '150', '--caso', 'insere-varias');
    expect(checked.of('insere-varias').causa).toContain('precisa terminar o stream');
  });
});

describe('kvs confere asks before it writes', () => {
  const words = (port: number): string[] => ['confere', '-p', String(port), '-c', 'kvs'];

  it('and writes nothing without a terminal and without --sim', async () => {
    const server = await naive();
    const { code, stdout, stderr } = await runHere(words(server.port));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/isto escreve em 127\.0\.0\.1:\d+: chaves que começam com .*nada foi escrito/);
  });

  it('and removes nothing before, where one of the methods that read is missing', async () => {
    const server = await naive('no-query');
    const { code, stderr } = await runHere(words(server.port));
    expect({ code, removals: server.removals }).toEqual({ code: 2, removals: 0 });
    expect(stderr).toContain('nada foi escrito');
  });

  it('tells of a contract without removal that the keys stay', async () => {
    const lines = await listening(
      createServer((socket) => {
        socket.on('data', () => socket.write('{"tipo":"NULL","valor":"NULL"}\n'));
      }),
    );
    const { stderr } = await runHere(['confere', '-p', String(lines), '-c', 'mensagem']);
    expect(stderr).toContain('não tem remoção: elas ficam');
  });

  it.each([
    ['não', 1, 'nada foi escrito'],
    ['', 1, 'nada foi escrito'],
    ['s', 0, ''],
  ])('the answer "%s" ends with %i', async (answer, code, said) => {
    const server = await naive();
    const [errors, lines]: [string[], string[]] = [[], []];
    const output: Output = {
      ...{ colors: false, line: (text) => void lines.push(text), error: (text) => void errors.push(text) },
      ask: () => Promise.resolve(answer),
    };
    const command = parseCommandLine([...words(server.port), '--caso', 'insere-conta-1-2-3']);
    if (command.kind !== 'conformance') throw new Error(command.kind);
    expect(await runConformance(command.flags, {}, output)).toBe(code);
    expect(errors.join('\n')).toContain(said);
    expect(lines.length > 0).toBe(code === 0);
    expect(server.keys).toEqual([]);
  });

  it('is interrupted after a case, and removes what it wrote', async () => {
    const server = await naive();
    const errors: string[] = [];
    const lines: string[] = [];
    let stop = (): void => undefined;
    const output: Output = {
      ...{ colors: false, line: (text) => void lines.push(text), error: (text) => void errors.push(text) },
    };
    const command = parseCommandLine([...words(server.port), '--sim']);
    if (command.kind !== 'conformance') throw new Error(command.kind);
    const interrupts = (call: () => void): (() => void) => {
      stop = call;
      queueMicrotask(() => stop());
      return () => undefined;
    };
    expect(await runConformance(command.flags, {}, output, interrupts)).toBe(1);
    expect(errors.join('\n')).toContain('interrompido: termino este caso');
    expect(lines.at(-1)).toMatch(/0 falharam, \d+ não verificados \(interrompido\)/);
    expect(server.keys).toEqual([]);
  });
});

describe('kvs confere: what is shown, and misuse', () => {
  it('for people: the case, the sentence, the steps, what is expected, what came, a cause, and a table', async () => {
    const { port } = await naive('counter-restarts');
    const words = [
      'confere',
      '-p',
      String(port),
      '-c',
      'kvs',
      '--sim',
      '--caso',
      'conta-depois-de-remover-tudo',
    ];
    const { code, stdout } = await runHere(words);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^falhou: conta-depois-de-remover-tudo\n {2}contrato +Uma chave .*5\. Insere .* → \{versao: 1\}\n {2}esperado +\{versao: 4\}\n {2}veio +\{versao: 1\}\n {2}causa provável {2}as versões recomeçam.*\n\ncaso .*\nkvs em 127\.0\.0\.1:\d+: 0 passaram, 1 falhou\n$/s,
    );
    expect((await runHere([...words, '-q'])).stdout).toBe('conta-depois-de-remover-tudo\n');
  });

  it.each([
    [['confere', '-p', '1'], /diga o que os servidores falam: --contrato/],
    [['confere', '-c', 'kvs'], /diga com --porta a porta do seu servidor/],
    [['confere', '-p', '1', '-c', 'outro'], /kvs, keyvaluestore, kvstore, portal, mensagem/],
    [['confere', '-p', '1', '-c', 'kvs', '--json', '-q'], /não valem juntos/],
    [['confere', '-p', '1', '-c', 'mensagem', '--campos', 'nome=x'], /nomes como chave=key/],
  ])('%j: code 2', async (words, said) => {
    const { code, stderr } = await runHere(words);
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  it('a case that does not exist', async () => {
    const { port } = await naive();
    const { code, stderr } = await runHere(['confere', '-p', String(port), '-c', 'kvs', '--caso', 'nenhum']);
    expect(code).toBe(2);
    expect(stderr).toContain('"nenhum" não é um caso deste contrato; são: snapshot-de-nada, ');
  });

  it('a variable never says which servers are written to', async () => {
    const { port } = await naive();
    const { code, stderr } = await runHere(['confere', '-c', 'kvs', '--sim'], { KVS_PORTA: String(port) });
    expect(code).toBe(2);
    expect(stderr).toContain('--porta');
  });
});
