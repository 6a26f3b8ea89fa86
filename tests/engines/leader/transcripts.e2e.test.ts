import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { HoldProxy } from '../../support/hold-proxy.js';
import { freeAddresses } from '../../support/leader-nodes.js';
import { Console } from '../../support/leader-process.js';

/** The whole standard output of five consoles: three servers, two clients. */
describe('what the five terminals show', () => {
  let leader: Console;
  let near: Console;
  let late: Console;
  let ana: Console;
  let bia: Console;
  let proxy: HoldProxy;
  let addresses: string[] = [];

  beforeAll(async () => {
    addresses = await freeAddresses(3);
    const [leaderAddress = '', nearAddress = '', lateAddress = ''] = addresses;
    // The leader reaches the last one over a network that the test can slow down; clients reach it directly.
    proxy = await HoldProxy.start(lateAddress);
    const servers = [leaderAddress, nearAddress, proxy.address].join(',');
    const start = (address: string, ...more: string[]): Promise<Console> => {
      const [, port = ''] = address.split(':');
      return Console.start([
        ...['lider-servidor', '--porta', port, '--lider', leaderAddress, '--servidores', servers],
        ...['--prazo', '60000', ...more],
      ]);
    };
    [leader, near, late] = await Promise.all([
      start(leaderAddress),
      start(nearAddress),
      start(proxy.address, '--escuta', lateAddress),
    ]);
    await Promise.all([leader, near, late].map((server) => server.asks('servidor pronto')));
    [ana, bia] = await Promise.all([
      Console.start(['lider-cliente', '--servidores', leaderAddress]),
      Console.start(['lider-cliente', '--servidores', nearAddress]),
    ]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([leader, near, late, ana, bia].map((console) => console.kill9()));
    await proxy.stop();
  });

  it('is the lines of the contract, and nothing else', { timeout: 60_000 }, async () => {
    const [leaderAddress = '', nearAddress = '', lateAddress = ''] = addresses;
    let anaLines = 0;
    let biaLines = 0;
    const doAna = async (line: string): Promise<void> => {
      ana.type(line);
      await ana.says(++anaLines);
    };
    const doBia = async (line: string): Promise<void> => {
      bia.type(line);
      await bia.says(++biaLines);
    };

    await doAna('PUT nome Maria da Conceição');
    await doBia('PUT curso Computação 🙂');
    await doBia('GET nome');
    await doAna('GET nada');
    await doAna('GET nome');

    // The last server does not hear of this one yet: no PUT_OK, but whoever asks the other follower sees it already.
    proxy.hold();
    ana.type('PUT nome Joana');
    await eventually('the near follower has it', () => near.stdout.includes('value:Joana'));
    await doBia('GET nome');
    bia.type(`INIT ${lateAddress}`);
    await doBia('GET nome');
    await doBia('GET curso');
    expect(ana.lines).toHaveLength(anaLines);
    proxy.release();
    await ana.says(++anaLines);
    await doBia('GET nome');

    expect(ana.lines).toEqual([
      `PUT_OK key: nome value Maria da Conceição timestamp 1 realizada no servidor ${leaderAddress}`,
      `GET key: nada value: NULL obtido do servidor ${leaderAddress}, meu timestamp 0 e do servidor 0`,
      `GET key: nome value: Maria da Conceição obtido do servidor ${leaderAddress}, meu timestamp 1 e do servidor 1`,
      `PUT_OK key: nome value Joana timestamp 2 realizada no servidor ${leaderAddress}`,
    ]);
    expect(bia.lines).toEqual([
      `PUT_OK key: curso value Computação 🙂 timestamp 1 realizada no servidor ${nearAddress}`,
      `GET key: nome value: Maria da Conceição obtido do servidor ${nearAddress}, meu timestamp 0 e do servidor 1`,
      `GET key: nome value: Joana obtido do servidor ${nearAddress}, meu timestamp 1 e do servidor 2`,
      `GET key: nome value: TRY_OTHER_SERVER_OR_LATER obtido do servidor ${lateAddress}, meu timestamp 2 e do servidor 1`,
      `GET key: curso value: Computação 🙂 obtido do servidor ${lateAddress}, meu timestamp 1 e do servidor 1`,
      `GET key: nome value: Joana obtido do servidor ${lateAddress}, meu timestamp 2 e do servidor 2`,
    ]);
    expect(leader.lines).toEqual([
      'Cliente 127.0.0.1:* PUT key:nome value:Maria da Conceição.',
      'Enviando PUT_OK ao Cliente 127.0.0.1:* da key:nome ts:1.',
      'Cliente 127.0.0.1:* PUT key:curso value:Computação 🙂.',
      'Enviando PUT_OK ao Cliente 127.0.0.1:* da key:curso ts:1.',
      'Cliente 127.0.0.1:* GET key:nada ts:0. Meu ts é 0, portanto devolvendo NULL',
      'Cliente 127.0.0.1:* GET key:nome ts:1. Meu ts é 1, portanto devolvendo Maria da Conceição',
      'Cliente 127.0.0.1:* PUT key:nome value:Joana.',
      'Enviando PUT_OK ao Cliente 127.0.0.1:* da key:nome ts:2.',
    ]);
    expect(near.lines).toEqual([
      'REPLICATION key:nome value:Maria da Conceição ts:1.',
      'Encaminhando PUT key:curso value:Computação 🙂',
      'REPLICATION key:curso value:Computação 🙂 ts:1.',
      'Cliente 127.0.0.1:* GET key:nome ts:0. Meu ts é 1, portanto devolvendo Maria da Conceição',
      'REPLICATION key:nome value:Joana ts:2.',
      'Cliente 127.0.0.1:* GET key:nome ts:1. Meu ts é 2, portanto devolvendo Joana',
    ]);
    expect(late.lines).toEqual([
      'REPLICATION key:nome value:Maria da Conceição ts:1.',
      'REPLICATION key:curso value:Computação 🙂 ts:1.',
      'Cliente 127.0.0.1:* GET key:nome ts:2. Meu ts é 1, portanto devolvendo TRY_OTHER_SERVER_OR_LATER',
      'Cliente 127.0.0.1:* GET key:curso ts:1. Meu ts é 1, portanto devolvendo Computação 🙂',
      'REPLICATION key:nome value:Joana ts:2.',
      'Cliente 127.0.0.1:* GET key:nome ts:2. Meu ts é 2, portanto devolvendo Joana',
    ]);

    // The leader prints the address of the client itself, also of one that called a follower.
    const ports = [...leader.stdout.matchAll(/Cliente 127\.0\.0\.1:(\d+) (?:PUT|da)/g)].map(
      ([, port]) => port,
    );
    expect([ports[0], ports[2], ports[4]]).toEqual([ports[1], ports[3], ports[5]]);
    expect(new Set(ports).size).toBe(3);
  });

  it('the client retries, and says on standard error what it did', { timeout: 30_000 }, async () => {
    const [, nearAddress = '', lateAddress = ''] = addresses;
    const [closed = ''] = await freeAddresses(1);
    const words = [
      'lider-cliente',
      '--servidores',
      `${closed},${lateAddress}`,
      '--insiste',
      '--timestamp',
      '2',
    ];
    // Drawn at random: some attempt begins with the server that is not there.
    await eventually('an attempt that meets the closed port first', async () => {
      const client = await Console.start([...words, '--get', 'nome']);
      expect(await client.ended).toBe(0);
      expect(client.lines).toEqual([
        `GET key: nome value: Joana obtido do servidor ${lateAddress}, meu timestamp 2 e do servidor 2`,
      ]);
      return client.stderr === `kvs: o servidor em ${closed} recusou a conexão; tentando outro servidor\n`;
    });
    const without = await Console.start(['lider-cliente', '--servidores', closed, '--put', 'a', 'b']);
    expect(await without.ended).toBe(5);
    expect([without.stdout, without.stderr]).toEqual([
      '',
      `kvs: o servidor em ${closed} recusou a conexão\n`,
    ]);
    // Many attempts: what it meets with is said once, and then how it ended.
    const nowhere = ['--servidores', closed, '--insiste', '--prazo', '2000', '--get', 'nome'];
    const insistent = await Console.start(['lider-cliente', ...nowhere]);
    expect(await insistent.ended).toBe(5);
    const [first, last, more] = insistent.stderr.split('\n');
    expect([first, more]).toEqual([
      `kvs: o servidor em ${closed} recusou a conexão; tentando outro servidor`,
      '',
    ]);
    expect(last).toMatch(/recusou a conexão; \d+ tentativas em \d+ s, nenhuma serviu$/);
    const later = ['--servidores', nearAddress, '--timestamp', '9', '--get', 'nome'];
    const impatient = await Console.start(['lider-cliente', ...later]);
    expect(await impatient.ended).toBe(5);
    expect(impatient.lines[0]).toContain('value: TRY_OTHER_SERVER_OR_LATER obtido');
  });
});
