import { afterEach, beforeEach, expect, it } from 'vitest';
import mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import { onEveryBroker, soon, TestFleet } from '../support/e2e-fleet.js';
import type { FleetBroker } from '../support/e2e-fleet.js';
import type { ServerProcess } from '../support/server-process.js';

const DROPPED = 'mensagem inválida descartada';
const HUGE_BYTES = 10 * 1024 * 1024;

const hostilePayloads = (openBroker: () => Promise<FleetBroker>): void => {
  let fleet: TestFleet;
  let victim: ServerProcess;
  let attacker: MqttClient;

  const root = (): string => `kvs/${fleet.name}`;
  const batch = (origem: string, primeiro: number, ...mutacoes: unknown[]): string =>
    JSON.stringify({ formato: 1, tipo: 'lote', frota: fleet.name, origem, primeiro, mutacoes });
  const insert = (chave: string, versao = 1): object => ({
    ...{ op: 'insere', chave, valor: `valor ${versao} de ${chave}`, versao, ts: 1_700_000_000_000 + versao },
  });
  const publish = async (topic: string, payload: string | Buffer): Promise<void> => {
    await attacker.publishAsync(`${root()}/${topic}`, payload, { qos: 1 });
  };
  /** Messages that a server says it has dropped. */
  const dropped = (server: ServerProcess): number =>
    server.log
      .filter(({ mensagem }) => mensagem.startsWith(DROPPED))
      .flatMap(({ mais }) => (mais === undefined ? [1] : Object.values(mais as Record<string, number>)))
      .reduce((sum, count) => sum + count, 0);
  const firstLines = (server: ServerProcess): unknown[] =>
    server.log.filter(({ mensagem }) => mensagem === DROPPED);

  beforeEach(async () => {
    fleet = await TestFleet.open(await openBroker());
    [victim] = (await fleet.addReady(2)) as [ServerProcess];
    await victim.client.insere('intacta', 'como era');
    await victim.client.insere('intacta', 'como é');
    attacker = await mqtt.connectAsync(fleet.broker.url, { protocolVersion: 4 });
    attacker.on('error', () => undefined);
  }, 300_000);
  afterEach(async () => {
    await attacker.endAsync(true);
    await fleet.close();
  });

  it('changes nothing, and says so once per burst', async () => {
    const before = await fleet.converged();
    const own = victim.origin;
    const good = { formato: 1, tipo: 'lote', frota: fleet.name, origem: 'intruso', primeiro: 1 };
    const invalid: [topic: string, payload: string | Buffer][] = [
      ['mutacoes/intruso', 'lixo'],
      ['mutacoes/intruso', ''],
      ['mutacoes/intruso', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
      ['mutacoes/intruso', batch('intruso', 1, insert('cortada')).slice(0, -9)],
      ['mutacoes/intruso', '[]'],
      ['mutacoes/intruso', 'null'],
      ['mutacoes/intruso', JSON.stringify({ ...good, formato: 2, mutacoes: [insert('formato')] })],
      ['mutacoes/intruso', JSON.stringify({ ...good, frota: 'alheia', mutacoes: [insert('frota')] })],
      ['mutacoes/intruso', JSON.stringify({ ...good, tipo: 'presenca', mutacoes: [insert('tipo')] })],
      ['mutacoes/intruso', JSON.stringify({ ...good, origem: own, mutacoes: [insert('alheia')] })],
      ['mutacoes/intruso', batch('intruso', 0, insert('seq'))],
      ['mutacoes/intruso', batch('intruso', 1.5, insert('seq'))],
      ['mutacoes/intruso', batch('intruso', 2 ** 60, insert('seq'))],
      ['mutacoes/intruso', batch('intruso', 1)],
      ['mutacoes/intruso', batch('intruso', 1, insert('boa'), { ...insert('versao'), versao: 2 ** 31 })],
      ['mutacoes/intruso', batch('intruso', 1, insert('boa'), { ...insert('tipo'), valor: 7 })],
      ['mutacoes/intruso', batch('intruso', 1, { op: 'remove', chave: 'intacta', observado: { [own]: 9 } })],
      ['mutacoes/intruso', batch('intruso', 1, insert('x'.repeat(65 * 1024)))],
      ['presenca/intruso', JSON.stringify({ formato: 1, tipo: 'presenca', frota: fleet.name })],
      [`sincronia/${own}/intruso`, JSON.stringify({ ...good, tipo: 'lotes' })],
      [`sincronia/${own}/intruso`, JSON.stringify({ ...good, tipo: 'estado', resultado: 'pagina' })],
    ];
    for (const [topic, payload] of invalid) await publish(topic, payload);
    // Valid on its face, and never applied: a forged gap, also under the victim's name, and answers nobody asked for.
    await publish('mutacoes/intruso', batch('intruso', 1e9, insert('salto')));
    await publish(`mutacoes/${own}`, batch(own, 1e9, insert('salto-alheio')));
    const head = { formato: 1, frota: fleet.name, de: 'intruso', para: own, id: 1 };
    const replies = [
      { tipo: 'lotes', resultado: 'estadoNecessario', lotes: [], mais: false },
      { tipo: 'estado', resultado: 'perdido' },
      { tipo: 'lotes', resultado: 'lotes', lotes: [], mais: true },
    ];
    for (const reply of replies)
      await publish(`sincronia/${own}/intruso`, JSON.stringify({ ...head, ...reply }));
    // By another client: a broker may cut off who sends so much.
    const loud = await mqtt.connectAsync(fleet.broker.url, { protocolVersion: 4, reconnectPeriod: 0 });
    loud.on('error', () => undefined);
    loud.publish(`${root()}/mutacoes/intruso`, Buffer.alloc(HUGE_BYTES, 'x'), { qos: 1 });
    await soon('payload on its way', () => loud.stream.writableLength === 0 || !loud.connected);

    for (const server of fleet.servers) {
      const summary = await soon('the burst is summed up', () => server.logged(`${DROPPED} (resumo)`));
      expect(summary['origens']).toContain('intruso');
      expect(firstLines(server)).toHaveLength(1);
      expect(firstLines(server)[0]).toMatchObject({ nivel: 'warn', origem: 'intruso', motivo: 'JSON' });
    }
    await soon('all are counted', () => dropped(victim) >= invalid.length);
    loud.end(true);
    expect(await fleet.converged()).toEqual(before);
    expect(fleet.live).toHaveLength(2);
    expect(await victim.client.consulta('intacta')).toMatchObject({ valor: 'como é', versao: 2 });
    expect(await victim.client.snapshot()).toHaveLength(1);
    // It goes on as if nothing had been: what it writes reaches the other.
    expect(await victim.client.insere('intacta', 'adiante')).toMatchObject({ versao: 3 });
    await fleet.converged();
    expect(await fleet.servers[1]!.client.consulta('intacta')).toMatchObject({ versao: 3 });
  }, 300_000);

  it('takes repeats, disorder and echoes as if each batch had come once and in order', async () => {
    const own = victim.origin;
    // An origin that is no more: a server that died after its last batch.
    const batches = [
      batch('finado', 1, insert('tardia', 1)),
      batch('finado', 2, insert('tardia', 2), { op: 'remove', chave: 'tardia', observado: [['finado', 1]] }),
      batch('finado', 4, insert('tardia', 3)),
      batch('finado', 5, insert('outra', 1)),
    ];
    for (const index of [3, 2, 2, 1, 3, 0, 0, 1, 2, 3]) await publish('mutacoes/finado', batches[index]!);
    // The victim's own first batch, as the broker may send it again.
    await publish(`mutacoes/${own}`, batch(own, 1, insert('intacta', 1)));
    await soon('the last is there', async () => {
      return (await victim.client.consulta('outra')).versao === 1;
    });
    const state = await fleet.converged();
    for (const { client } of fleet.servers) {
      expect(await client.consulta('tardia', 1)).toMatchObject({ versao: 0 });
      expect(await client.consulta('tardia', 2)).toMatchObject({ versao: 2, valor: 'valor 2 de tardia' });
      expect(await client.consulta('tardia')).toMatchObject({ versao: 3, valor: 'valor 3 de tardia' });
      expect(await client.consulta('intacta', 1)).toMatchObject({ valor: 'como era', versao: 1 });
    }
    for (const payload of [...batches].reverse()) await publish('mutacoes/finado', payload);
    expect(await fleet.converged()).toEqual(state);
  }, 300_000);
};

onEveryBroker('hostile payloads on the topics of the fleet', hostilePayloads, true);
