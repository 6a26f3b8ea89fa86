import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairArgs, TestCertificates } from '../../support/certificates.js';
import { eventually } from '../../support/eventually.js';
import { kvs } from '../../support/kvs-program.js';
import { MqttUser } from '../../support/mqtt-user.js';
import type { Login } from '../../support/mqtt-user.js';
import { freePort } from '../../support/net.js';
import { ServerProcess } from '../../support/server-process.js';

/** An address of this machine that others reach; without one there is nothing beyond loopback to test. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

let files: TestCertificates;
let credentials: string;

beforeAll(async () => {
  files = await TestCertificates.make();
  credentials = join(files.folder, 'credenciais.json');
});
afterAll(() => files.remove());

/** Makes a credential with the program itself. */
async function credential(name: string, role: string, more: readonly string[] = []): Promise<Login> {
  const made = await kvs(['credencial', 'cria', name, '--papel', role, ...more, '--arquivo', credentials]);
  expect(made.code).toBe(0);
  const token = made.stdout.trim();
  return { user: name, password: token.slice(token.indexOf('.') + 1) };
}

async function brokerFile(name: string, { user, password }: Login): Promise<string> {
  const path = join(files.folder, name);
  await writeFile(path, `${user}:${password}\n`, { mode: 0o600 });
  return path;
}

describe('a fleet with its embedded broker beyond this machine', () => {
  it('TLS, users and roles: the servers understand each other, others do only what they may', async () => {
    const server = await credential('frota1', 'servidor');
    const reader = await credential('leitora', 'leitura', ['--prefixo', 'portal/']);
    const brokerPort = await freePort();
    const addresses = ['localhost', '127.0.0.1', ...(outside === undefined ? [] : [outside])];
    const pair = await files.server('servidor', addresses);
    const args = [
      ...['--credenciais', credentials, '--broker-credenciais', await brokerFile('broker.txt', server)],
      ...[...pairArgs(pair), '--tls-ca', files.ca],
    ];
    const local = [...args, '--broker-local', `0.0.0.0:${brokerPort}`];
    const first = await ServerProcess.start({ fleet: 'cofre', args: local });
    await eventually('the first has its broker', () => first.logged('conectado ao broker'), 30_000);
    expect(first.hostsBroker).toBe(true);
    expect(first.logged('conectado ao broker')).toMatchObject({ broker: `mqtts://127.0.0.1:${brokerPort}` });

    // The second comes as from another machine.
    const away = ['--broker', `mqtts://${outside ?? '127.0.0.1'}:${brokerPort}`];
    const second = await ServerProcess.start({ fleet: 'cofre', args: [...args, ...away] });
    // Either may be the first to serve: the other takes its state.
    await eventually('both serve', () => [first, second].every((one) => one.logged('atendendo')), 60_000);
    const writer = await credential('escritora', 'escrita', ['--prefixo=']);
    for (const { pid } of [first, second]) process.kill(pid, 'SIGHUP');
    await eventually('reread', () => [first, second].every((one) => one.logged('recarregado: credenciais')));
    const target = (one: ServerProcess): readonly string[] => ['-p', String(one.port), '--tls-ca', files.ca];
    const env = { KVS_TOKEN: `kvs_${writer.user}.${writer.password}` };
    const put = await kvs(['cliente', ...target(first), '-o', 'insere', '-k', 'nome', '-v', 'Maria'], env);
    expect(put).toMatchObject({ code: 0, stderr: '' });
    await eventually(
      'the value on the other',
      async () => {
        const get = await kvs(['cliente', ...target(second), '-o', 'consulta', '-k', 'nome'], env);
        return get.stdout.includes('Maria');
      },
      30_000,
    );

    const user = await MqttUser.connect(brokerPort, files.ca, reader);
    expect(await user.subscribe('portal/#')).toBe(1);
    expect(await user.subscribe('#')).toBe(128);
    expect(await user.subscribe('kvs/cofre/#')).toBe(128);
    expect(await user.publish('kvs/cofre/mutacoes/falsa', '{}')).toBe(false);
    await expect(MqttUser.connect(brokerPort, files.ca, undefined)).rejects.toThrow();
    await eventually('a refusal in the log', () => first.logged('broker embutido: recusado a um cliente'));
    user.end();
    await second.stop();
    await first.stop();
  }, 120_000);

  it('without --broker-credenciais: one line, exit code 2', async () => {
    await credential('frota2', 'servidor');
    const pair = await files.server('servidor2');
    const { code, stdout, stderr } = await kvs([
      ...['servidor', '0', '--credenciais', credentials, '--broker-local', '0.0.0.0:1'],
      ...[...pairArgs(pair), '--tls-ca', files.ca],
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').filter((line) => line.startsWith('kvs:'))).toHaveLength(1);
    expect(stderr).toContain('diga --broker-credenciais');
  });

  it('--broker-local mqtts:// without a certificate: one line, exit code 2', async () => {
    const { code, stderr } = await kvs(['servidor', '0', '--broker-local', 'mqtts://127.0.0.1:1']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^kvs: --broker-local com TLS pede [^\n]*\n$/);
  });
});
