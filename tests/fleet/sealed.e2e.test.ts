import { randomBytes } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KeyRing } from '../../src/engines/fleet/bus/seal/key-ring.js';
import { Sealer } from '../../src/engines/fleet/bus/seal/sealer.js';
import { DataFolder } from '../support/data-folder.js';
import { Eavesdropper } from '../support/eavesdropper.js';
import type { Overheard } from '../support/eavesdropper.js';
import { onEveryBroker, soon, TestFleet } from '../support/e2e-fleet.js';
import { verifyLedgers, Writer } from '../support/e2e-writer.js';
import { freshKey, KeyFile } from '../support/fleet-keys.js';
import type { ServerProcess } from '../support/server-process.js';

const DROPPED = 'mensagem inválida descartada';
const KEPT = 'continua como estava: chave da frota';

onEveryBroker('a fleet with a key', (openBroker, kind) => {
  const [first, second] = [freshKey(), freshKey()] as const;
  let fleet: TestFleet;
  let keys: KeyFile;
  let attacker: Eavesdropper;
  let folders: DataFolder[];

  const add = (...more: readonly string[]): Promise<ServerProcess> =>
    fleet.add([...fleet.broker.args, ...keys.args, ...more]);
  const addReady = async (count: number, ...more: readonly string[]): Promise<ServerProcess[]> => {
    const started: ServerProcess[] = [];
    for (let i = 0; i < count; i++) started.push(await add(...more));
    await Promise.all(started.map((server) => server.ready()));
    return started;
  };
  /** Messages that a server says it has dropped, by reason. */
  const dropped = (server: ServerProcess): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { mensagem, mais, motivo } of server.log) {
      if (!mensagem.startsWith(DROPPED)) continue;
      const said = mais === undefined ? { [String(motivo)]: 1 } : (mais as Record<string, number>);
      for (const [reason, count] of Object.entries(said)) counts[reason] = (counts[reason] ?? 0) + count;
    }
    return counts;
  };

  /** What nobody did wrong may still be dropped: a server that takes long to answer, or is gone before it does. */
  const wronglyDropped = (server: ServerProcess): Record<string, number> =>
    Object.fromEntries(Object.entries(dropped(server)).filter(([reason]) => reason !== 'NAO_VERIFICADA'));

  beforeEach(async () => {
    folders = [];
    keys = await KeyFile.open(first);
    fleet = await TestFleet.open(await openBroker(), 'presence', [first, second]);
  });
  afterEach(async () => {
    await attacker.close();
    await fleet.close([KEPT]);
    await keys.remove();
    for (const folder of folders) await folder.remove();
  }, 60_000);

  it('does not let a recording bring anything back after everyone was restarted', async () => {
    const [a, b] = (await addReady(2)) as [ServerProcess, ServerProcess];
    attacker = await Eavesdropper.open(fleet.broker.url, fleet.name);
    const joiner = await add();
    await joiner.ready();
    await a.client.insere('conta', 'saldo antigo');
    await b.client.insere('apagada', 'devia sumir');
    await a.client.insere('conta', 'saldo novo');
    await fleet.converged();
    await a.client.remove('apagada');
    await fleet.converged();
    const recording = [...attacker.heard];
    for (const server of fleet.servers) await server.stop();
    for (const server of [a, b]) await server.restart();
    await Promise.all([a, b].map((server) => server.ready()));
    const before = await fleet.converged();
    await attacker.replay(recording);
    // Alone, too: without what was said in answer to the living.
    await attacker.replay(recording.filter(({ topic }) => topic.includes('/mutacoes/')));
    for (const server of [a, b]) {
      await soon('refused', () => {
        const { NAO_VERIFICADA = 0 } = dropped(server);
        return NAO_VERIFICADA > 0;
      });
      expect(Object.keys(dropped(server)).filter((reason) => reason !== 'NAO_VERIFICADA')).toEqual([]);
      // One empty tuple: nothing.
      expect(await server.client.snapshot()).toEqual([{ chave: '', valor: '', versao: 0 }]);
    }
    expect(await fleet.converged()).toEqual(before);
    // The counters never came back either, and the fleet goes on.
    expect(await a.client.insere('conta', 'outra')).toMatchObject({ versao: 1 });
    await fleet.converged();
    expect(await b.client.consulta('conta')).toMatchObject({ valor: 'outra', versao: 1 });
  }, 240_000);

  it('is not moved by a recording of itself: no page, no leave, no presence counts twice', async () => {
    const [a] = (await addReady(2, '--cifra')) as [ServerProcess];
    attacker = await Eavesdropper.open(fleet.broker.url, fleet.name);
    const gone = await add('--cifra');
    await gone.ready();
    await gone.client.insere('nome', 'maria');
    await gone.client.insere('nome', 'ana');
    await fleet.converged();
    await gone.stop();
    await a.client.remove('nome', 1);
    const before = await fleet.converged();
    const recording = [...attacker.heard];
    const leavesBefore = fleet.live.map((server) => leaves(server));
    for (let round = 0; round < 3; round++) await attacker.replay(recording);
    await soon('repeats are counted', () =>
      fleet.live.every((server) => (dropped(server)['REPETIDA'] ?? 0) > 0),
    );
    expect(await fleet.converged()).toEqual(before);
    expect(fleet.live.map((server) => leaves(server))).toEqual(leavesBefore);
    expect(await a.client.consulta('nome', 1)).toMatchObject({ versao: 0 });
  }, 240_000);

  it('rotates its key while clients write, and keeps the keys it has when the file makes no sense', async () => {
    const servers = await addReady(3);
    attacker = await Eavesdropper.open(fleet.broker.url, fleet.name);
    const writers = servers.map((server, i) => new Writer(server, { name: `escritor${i}`, perSecond: 300 }));
    const reload = async (message: string, ...lines: string[]): Promise<void> => {
      await keys.write(...lines);
      for (const server of servers) {
        const before = server.countLogged(message);
        process.kill(server.pid, 'SIGHUP');
        await soon('reloaded', () => server.countLogged(message) === before + 1);
        const { acknowledged } = writers[0]!;
        await soon('writes go on', () => writers[0]!.acknowledged > acknowledged + 50);
      }
    };
    await soon('writes go on', () => writers.every(({ acknowledged }) => acknowledged > 100));
    await reload('recarregado: chave da frota', first, second);
    await reload(KEPT, first, 'senha');
    await reload('recarregado: chave da frota', second, first);
    await reload('recarregado: chave da frota', second);
    for (const writer of writers) await writer.stop();
    await fleet.converged();
    for (const server of servers) await verifyLedgers(writers, server);
    const wrong = servers[0]!.logged(KEPT)!;
    expect(wrong['motivo']).toContain('a chave 2 tem 3 bytes');
    expect(JSON.stringify(servers.map(({ log }) => log))).not.toContain(first.slice(0, 12));
    expect(servers.map(wronglyDropped)).toEqual([{}, {}, {}]);
    // Whoever knows only the old key is out, whoever has the new one is in.
    const [old] = [await KeyFile.open(first)];
    const outsider = await fleet.add([...fleet.broker.args, ...old.args]);
    await outsider.ready();
    expect((await outsider.client.snapshot())[0]).toMatchObject({ versao: 0 });
    await outsider.client.insere('velha', 'chave velha');
    await soon('refused', () => (dropped(servers[0]!)['CHAVE_FROTA'] ?? 0) > 0);
    await outsider.kill9();
    const [insider] = await addReady(1);
    await fleet.converged();
    await verifyLedgers(writers, insider!);
    expect(await insider!.client.consulta('velha')).toMatchObject({ versao: 0 });
    await old.remove();
  }, 300_000);

  it('begins to encrypt server by server, and then shows no key and no value to who listens', async () => {
    await addReady(2);
    attacker = await Eavesdropper.open(fleet.broker.url, fleet.name);
    const writer = new Writer(fleet.servers[0]!, { name: 'antes', perSecond: 200 });
    await soon('writes go on', () => writer.acknowledged > 100);
    const text = (): string => Buffer.concat(attacker.heard.map(({ payload }) => payload)).toString('latin1');
    expect(text()).toContain('"chave":"antes-');
    const [a, b] = (await addReady(2, '--cifra')) as [ServerProcess, ServerProcess];
    await writer.stop();
    await fleet.converged();
    for (const server of [a, b]) await verifyLedgers([writer], server);
    for (const server of fleet.servers.slice(0, 2)) await server.stop();
    await soon('the rest has gone', () => fleet.live.length === 2);
    await attacker.caughtUp();
    attacker.heard.length = 0;
    await a.client.insere('segredo-da-chave', 'segredo-do-valor');
    const late = await add('--cifra');
    await late.ready();
    // It serves alone at first if its peers are still on their way to the broker of after.
    await fleet.converged();
    expect(await late.client.consulta('segredo-da-chave')).toMatchObject({ valor: 'segredo-do-valor' });
    expect(attacker.heard.length).toBeGreaterThan(5);
    for (const word of ['segredo', 'antes', 'formato', 'endereco', '127.0.0.1'])
      expect(text()).not.toContain(word);
    for (const server of fleet.live) expect(wronglyDropped(server)).toEqual({});
  }, 240_000);

  it('tells at once that a server was killed, by a will that only it could have left', async () => {
    const [a, b] = (await addReady(2, '--cifra')) as [ServerProcess, ServerProcess];
    attacker = await Eavesdropper.open(fleet.broker.url, fleet.name);
    const [witness, victim] = a.hostsBroker ? [a, b] : [b, a];
    await victim.kill9();
    // Without the will it would be the silence of ten seconds, which says nothing in the log.
    await soon('the will', () => witness.logged('servidor saiu da frota'));
    expect(witness.logged('servidor saiu da frota')).toMatchObject({ par: victim.origin });
  }, 120_000);

  // The last two are long, and each is about something else than the broker: one of them on each.
  it.runIf(kind === 'mosquitto')(
    'stays small, and takes new servers, while thousands of dead origins are replayed without end',
    async () => {
      const [a] = (await addReady(2)) as [ServerProcess];
      attacker = await Eavesdropper.open(fleet.broker.url, fleet.name);
      await a.client.insere('nome', 'maria');
      await fleet.converged();
      const dead = recordingOfTheDead(fleet.name, first, 4_000);
      let rounds = 0;
      let roundsMax = Infinity;
      const flood = (async () => {
        for (; rounds < roundsMax; rounds++) await attacker.replay(dead);
      })();
      await soon('a round of the flood', () => rounds > 0);
      const before = await a.residentBytes();
      const joiner = await add();
      await joiner.ready();
      expect(await joiner.client.consulta('nome')).toMatchObject({ valor: 'maria' });
      const writer = new Writer(joiner, { name: 'durante', perSecond: 200 });
      await soon('writes go on', () => writer.acknowledged > 100);
      await writer.stop();
      await soon('more of the flood', () => rounds > 4);
      const grown = (await a.residentBytes()) - before;
      roundsMax = 0;
      await flood;
      await fleet.converged();
      await verifyLedgers([writer], a);
      expect(grown).toBeLessThan(100 * 1024 * 1024);
      for (const server of fleet.servers) {
        await soon('refused', () => (dropped(server)['NAO_VERIFICADA'] ?? 0) > 0);
        expect(await server.client.consulta('morta-1')).toMatchObject({ versao: 0 });
      }
    },
    240_000,
  );

  it.runIf(kind === 'embedded')(
    'keeps what is on the disk through restarts and a restored folder, and takes nothing old from the broker',
    async () => {
      for (let i = 0; i < 3; i++) folders.push(await DataFolder.open());
      const [one, two, copy] = folders as [DataFolder, DataFolder, DataFolder];
      const a = await add('--cifra', ...one.args);
      const b = await add('--cifra', ...two.args);
      await Promise.all([a.ready(), b.ready()]);
      attacker = await Eavesdropper.open(fleet.broker.url, fleet.name);
      await a.client.insere('nome', 'maria');
      await fleet.converged();
      await b.client.insere('nome', 'ana');
      await fleet.converged();
      await a.stop();
      await b.client.remove('nome', 1);
      await rm(copy.path, { recursive: true });
      await cp(one.path, copy.path, { recursive: true });
      const recording = [...attacker.heard];
      await b.stop();
      // From the copy, which does not know of the removal, and from what the other has.
      const restored = await add('--cifra', ...copy.args);
      await restored.ready();
      await attacker.replay(recording);
      await b.restart();
      await b.ready();
      await attacker.replay(recording);
      await fleet.converged();
      for (const server of [restored, b]) {
        expect(await server.client.consulta('nome', 1)).toMatchObject({ versao: 0 });
        expect(await server.client.consulta('nome')).toMatchObject({ valor: 'ana', versao: 2 });
      }
      expect(await restored.client.insere('nome', 'rita')).toMatchObject({ versao: 3 });
      await fleet.converged();
    },
    240_000,
  );
});

function leaves(server: ServerProcess): number {
  return server.countLogged('servidor saiu da frota');
}

/** What a broker may have carried of so many incarnations of servers that are no more: a presence and a batch of each. */
function recordingOfTheDead(fleet: string, key: string, origins: number): Overheard[] {
  const ring = new KeyRing(fleet, [Buffer.from(key, 'hex')]);
  const recording: Overheard[] = [];
  for (let i = 0; i < origins; i++) {
    const origin = `morta-${i}`;
    const sealer = new Sealer(origin, { ring, encrypts: false, drawBytes: (count) => randomBytes(count) });
    const mutation = { op: 'insere', chave: origin, valor: 'x'.repeat(200), versao: 1, ts: 1 };
    const batch = {
      formato: 1,
      tipo: 'lote',
      frota: fleet,
      origem: origin,
      primeiro: 1,
      mutacoes: [mutation],
    };
    const blank = { endereco: 'morta:1', estado: 'servindo', relogio: 1, resumo: '', hash: '', recente: [] };
    const presence = { formato: 1, tipo: 'presenca', frota: fleet, origem: origin, ...blank };
    for (const [channel, purpose, body] of [
      ['presenca', 'control', presence],
      ['mutacoes', 'batch', batch],
    ] as const) {
      const topic = `kvs/${fleet}/${channel}/${origin}`;
      recording.push({ topic, payload: sealer.seal(topic, purpose, 1, Buffer.from(JSON.stringify(body))) });
    }
  }
  return recording;
}
