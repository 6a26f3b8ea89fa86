import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { LEADER_EXAMPLE, USUAL_SERVERS } from '../../../src/config/server-parsers.js';
import { eventually } from '../../support/eventually.js';
import { freeAddresses } from '../../support/leader-nodes.js';
import { Console } from '../../support/leader-process.js';

/** The questions, on real terminals. */
describe('questions on the terminal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-terminal-'));
  const output = (name: string): string => join(folder, name);
  const read = (name: string): string => readFileSync(output(name), 'utf8');
  const open: Console[] = [];

  const onTerminal = async (name: string, words: string[], variables = {}): Promise<Console> => {
    const console = await Console.onTerminal(words, output(name), variables);
    open.push(console);
    return console;
  };

  afterEach(async () => {
    await Promise.all(open.splice(0).map((console) => console.kill9()));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('the defaults are those of the contract', () => {
    expect(USUAL_SERVERS).toEqual(['127.0.0.1:10097', '127.0.0.1:10098', '127.0.0.1:10099']);
    expect(LEADER_EXAMPLE).toBe('127.0.0.1:10097');
  });

  it('the port offered on one terminal is not offered on another', { timeout: 30_000 }, async () => {
    const offered = new Set<string>();
    for (const name of ['p1', 'p2']) {
      const server = await onTerminal(name, ['lider-servidor']);
      await server.asks('IP deste servidor [127.0.0.1]: ');
      server.type('');
      await server.asks('Porta deste servidor [');
      await eventually('it offers a port', () => /Porta deste servidor \[\d+\]/.test(server.stdout));
      offered.add(/Porta deste servidor \[(\d+)\]/.exec(server.stdout)![1]!);
    }
    expect(offered.size).toBe(2);
    const [last] = open.slice(-1);
    last!.type([...offered][0]!);
    await last!.asks(`a porta ${[...offered][0]!} já está em uso: diga outra`);
  });

  it('a mistake is named as it was typed; for a port in use it says what to do', async () => {
    const wrong = await Console.start(['lider-servidor', '--porta', 'x']);
    expect(await wrong.ended).toBe(2);
    expect(wrong.stderr).toMatch(/^kvs: --porta: "x" não serve/);
    const [address = ''] = await freeAddresses(1);
    const words = [
      'lider-servidor',
      '-p',
      address.split(':')[1]!,
      '--lider',
      address,
      '--servidores',
      address,
    ];
    const first = await Console.start(words);
    await eventually('it serves', () => first.stderr.includes('servidor pronto'));
    const second = await Console.start(words);
    expect(await second.ended).toBe(2);
    expect(second.stderr).toContain(`a porta já está em uso: ${address}; escolha outra com --porta\n`);
    await first.kill9();
  });

  it('servers and client: Enter is the default, a mistake asks again', { timeout: 60_000 }, async () => {
    const addresses = await freeAddresses(3);
    const [leader = '', second = '', third = ''] = addresses;
    const port = (address: string): string => address.split(':')[1] ?? '';
    const all = addresses.join(',');

    // The leader is typed in full, with a mistake; as these are not the usual ports, the others are asked for too.
    const one = await onTerminal('1', ['lider-servidor']);
    await one.asks('IP deste servidor [127.0.0.1]: ');
    one.type('127.0.0.1');
    await one.asks('Porta deste servidor [');
    one.type('porta');
    await one.asks('"porta" não serve');
    one.type(port(leader));
    await one.asks('IP do líder [127.0.0.1]: ');
    one.type('');
    await one.asks('Porta do líder [10097]: ');
    one.type(port(leader));
    await one.asks('Todos os servidores, separados por vírgula [');
    one.type(all);

    // The others have defaults of their own from the environment: Enter four times.
    for (const [name, address] of [
      ['2', second],
      ['3', third],
    ] as const) {
      const variables = {
        KVS_PORTA_MENSAGEM: port(address),
        KVS_LIDER: leader,
        KVS_SERVIDORES_LIDER: all,
      };
      const server = await onTerminal(name, ['lider-servidor'], variables);
      for (const question of [
        'IP deste servidor [127.0.0.1]: ',
        `Porta deste servidor [${port(address)}]: `,
        'IP do líder [127.0.0.1]: ',
        `Porta do líder [${port(leader)}]: `,
      ]) {
        await server.asks(question);
        server.type('');
      }
    }
    // None serves before the leader has seen all.
    for (const server of open) await server.asks('servidor pronto');

    const client = await onTerminal('c', ['lider-cliente']);
    await client.asks('Escolha [INIT]: ');
    client.type('INIT');
    for (const [index, address] of addresses.entries()) {
      await client.asks(`Servidor ${String(index + 1)}, IP:porta [${USUAL_SERVERS[index] ?? ''}]: `);
      if (index === 0) {
        client.type('nada');
        await client.asks('"nada" não serve');
      }
      client.type(address);
    }
    await client.asks(`servidores: ${addresses.join(', ')}`);
    client.type('2');
    await client.asks('Chave [chave]: ');
    client.type('fruta');
    await client.asks('Valor [valor]: ');
    client.type('maçã');
    await eventually('the value was put', () => read('c').includes('PUT_OK'));
    client.type('3');
    await client.asks('Chave [fruta]: ');
    client.type('');
    await eventually('the value was read', () => read('c').includes('GET key'));
    client.type('o quê?');
    await client.asks('não é uma escolha');
    client.type('0');
    expect(await client.ended).toBe(0);

    const [put, get, rest] = read('c').split('\n');
    expect(put).toMatch(/^PUT_OK key: fruta value maçã timestamp 1 realizada no servidor 127\.0\.0\.1:\d+$/);
    expect(get).toMatch(
      /^GET key: fruta value: maçã obtido do servidor .*, meu timestamp 1 e do servidor 1$/,
    );
    expect(rest).toBe('');
    expect(read('1')).toMatch(
      /^Cliente 127\.0\.0\.1:(\d+) PUT key:fruta value:maçã\.\nEnviando PUT_OK ao Cliente 127\.0\.0\.1:\1 da key:fruta ts:1\.\n/,
    );
    for (const name of ['2', '3']) expect(read(name)).toContain('REPLICATION key:fruta value:maçã ts:1.\n');
  });

  it('answers through a pipe count as those of the keyboard, and their end as Enter', async () => {
    const [address = ''] = await freeAddresses(1);
    const server = await Console.start(['lider-servidor'], {
      KVS_PORTA_MENSAGEM: address.split(':')[1] ?? '',
      KVS_LIDER: address,
      KVS_SERVIDORES_LIDER: address,
    });
    open.push(server);
    server.child.stdin?.end();
    await server.asks('servidor pronto');
    const client = await Console.start(['lider-cliente'], { KVS_SERVIDORES_LIDER: address });
    client.child.stdin?.end('PUT a b\nGET a\nGET nada');
    expect(await client.ended).toBe(3);
    expect(client.lines).toEqual([
      `PUT_OK key: a value b timestamp 1 realizada no servidor ${address}`,
      `GET key: a value: b obtido do servidor ${address}, meu timestamp 1 e do servidor 1`,
      `GET key: nada value: NULL obtido do servidor ${address}, meu timestamp 0 e do servidor 0`,
    ]);
    expect(await server.stop()).toBe(0);
  });
});
