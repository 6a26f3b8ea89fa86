import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterEach, describe, expect, it } from 'vitest';
import { root } from '../../support/e2e-build.js';
import { etcdAvailable, startEtcd } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { freshKey, KeyFile } from '../../support/fleet-keys.js';
import { HttpClient } from '../../support/http-client.js';
import { freePort } from '../../support/net.js';
import { PanelStream } from '../../support/panel-stream.js';
import { runKvs, ServerProcess } from '../../support/server-process.js';

/** What feeds the panel, of real servers of each engine. */

const PATIENCE = { timeout: 240_000 };
const SOON_MS = 90_000;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const soon = <T>(what: string, condition: () => T | Promise<T>): Promise<unknown> =>
  eventually(what, condition, SOON_MS);

function look({ port }: ServerProcess): PanelStream {
  const stream = PanelStream.open(port);
  cleanups.push(() => stream.close());
  return stream;
}

async function start(args: readonly string[], name: string, fleet?: string): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    ...(fleet !== undefined && { fleet }),
    args: [...args, '--nome', name, '--laboratorio'],
  });
  cleanups.push(() => server.kill9());
  return server;
}

async function kvs(...words: string[]): Promise<void> {
  const { ended, plain } = runKvs(words);
  if ((await ended) !== 0) throw new Error(plain.join('\n'));
}

type Rpc = Parameters<Client['makeUnaryRequest']>;

/** Lets a server lose this share of what comes in. */
async function loseIncoming({ port }: ServerProcess, perMille: number): Promise<void> {
  const definitions = loadSync(join(root, 'proto/laboratorio.proto'), { keepCase: true })['kvs.Laboratorio'];
  const { path, requestSerialize, responseDeserialize } = (
    definitions as unknown as Record<
      string,
      { path: Rpc[0]; requestSerialize: Rpc[1]; responseDeserialize: Rpc[2] }
    >
  )['Perde']!;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  await new Promise<void>((resolve, reject) => {
    const request = { entrada_por_mil: perMille };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) => {
      client.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Whom each server hears, as one panel shows it. */
function hearing(stream: PanelStream): Record<string, readonly string[] | undefined> {
  const names = stream.picture?.servidores.map(({ nome }) => nome) ?? [];
  return Object.fromEntries(names.sort().map((name) => [name, stream.heardBy(name)]));
}

async function hears(stream: PanelStream, expected: Record<string, readonly string[]>): Promise<void> {
  await soon(JSON.stringify(expected), () => {
    const now = JSON.stringify(hearing(stream));
    if (now !== JSON.stringify(expected)) throw new Error(`whom they hear: ${now}`);
    return true;
  });
}

const WHOLE = { a: ['b', 'c'], b: ['a', 'c'], c: ['a', 'b'] };

describe.each([
  ['a fleet', false],
  ['a sealed fleet', true],
])('the panel of %s', (_, isSealed) => {
  it('shows who hears whom, whole, cut and deaf in one ear', PATIENCE, async () => {
    const key = isSealed ? await KeyFile.open(freshKey()) : undefined;
    cleanups.push(() => key?.remove());
    const fleet = `painel-${process.pid}-${String(isSealed)}`;
    const args = ['--broker-local', `127.0.0.1:${await freePort()}`, ...(key?.args ?? [])];
    const a = await start(args, 'a', fleet);
    await a.ready();
    const [b, c] = await Promise.all(['b', 'c'].map((name) => start(args, name, fleet)));
    if (b === undefined || c === undefined) throw new Error('no servers');
    await Promise.all([b, c].map((server) => server.ready()));
    const [atA, atC] = [look(a), look(c)];
    await hears(atA, WHOLE);
    await hears(atC, WHOLE);
    expect(atA.start?.servidor).toMatchObject({ nome: 'a', motor: 'frota', frota: fleet });
    expect(atA.picture?.broker).toMatchObject({ conectado: true, aqui: true });

    // Writes show as calls and mutations, and all have the same afterwards.
    const client = new HttpClient(b.port, '1.1');
    for (let n = 0; n < 20; n++) await client.put(`/v1/chaves/k${n}`, 'v');
    await soon('its content everywhere', () => {
      const { picture } = atA;
      const hashes = new Set(picture?.servidores.map(({ resumo }) => resumo));
      return picture?.dados.chaves === 20 && picture.de_acordo && hashes.size === 1;
    });
    expect(
      Math.max(...atA.pictures.map(({ replicacao }) => replicacao?.mutacoes_aplicadas_s ?? 0)),
    ).toBeGreaterThan(0);
    const vector = atA.server('b')?.vetor;
    expect(vector?.[0]).toEqual([b.origin, 20]);

    // What is in a presence is told alike with a key, and what follows takes as long as a server may be silent.
    if (isSealed) return;
    // Cut off by `kvs isola`: the others do not hear it, and it hears nobody.
    await kvs('isola', '--port', String(c.port));
    await hears(atA, { a: ['b'], b: ['a'] });
    await soon(
      'its own picture',
      () => atC.picture?.laboratorio?.isolado === true && atC.heardBy('c')?.length === 0,
    );
    expect(atC.picture?.broker?.conectado).toBe(false);
    await kvs('liga', '--port', String(c.port));
    await hears(atA, WHOLE);
    await hears(atC, WHOLE);
    const told = atA.events.filter(({ fonte }) => fonte === 'estado').map(({ mensagem }) => mensagem);
    expect(told).toEqual(expect.arrayContaining(['um servidor saiu', 'um servidor chegou']));

    // Deaf: the others hear it, and it hears nobody, so that nobody can ask it either.
    await loseIncoming(c, 1000);
    await hears(atA, { ...WHOLE, c: [] });
    expect(atC.picture?.laboratorio?.perde_entrada_por_mil).toBe(1000);
    await loseIncoming(c, 0);
    await hears(atA, WHOLE);
  });
});

describe.skipIf(!etcdAvailable())('the panel of a server over replicas', () => {
  it('shows members, leader and term, and the next leader', PATIENCE, async () => {
    const cluster = await startEtcd();
    cleanups.push(() => cluster.stop());
    const args = ['--motor', 'consenso', ...cluster.addresses.flatMap((one) => ['--replicas', one])];
    const server = await start(args, 'a');
    await server.ready();
    const stream = look(server);
    const { address } = await cluster.leader();
    await soon('the leader', () => stream.picture?.consenso?.lider === address);
    const consensus = stream.picture?.consenso;
    expect(consensus).toMatchObject({ maioria: true, termo: expect.any(Number) as number });
    expect(consensus?.termo).toBeGreaterThan(0);
    expect(consensus?.membros.map((member) => member.endereco)).toEqual(cluster.addresses);
    for (const member of consensus?.membros ?? []) {
      expect(member).toMatchObject({ estado: 'atendendo', lidera: member.endereco === address });
      expect(member.indice).toBeGreaterThan(0);
    }
    const others = cluster.addresses.filter((one) => one !== address);
    await soon('who hears whom', () => {
      const leads = stream.heardBy(address);
      return leads?.length === others.length && stream.heardBy('a')?.length === cluster.addresses.length;
    });
    expect(stream.heardBy(others[0] ?? '')).toEqual([address]);
    expect(stream.start?.capacidades).toMatchObject({ irmas: false, linearizavel: true, compara: true });

    const before = consensus?.termo ?? 0;
    await (await cluster.leader()).kill9();
    await soon('another leader', () => {
      const now = stream.picture?.consenso;
      return (
        now !== null && now !== undefined && now.lider !== '' && now.lider !== address && now.termo > before
      );
    });
    expect(stream.events.map(({ mensagem }) => mensagem)).toContain('as réplicas têm outro líder');
    expect(stream.picture?.consenso?.membros.find((one) => one.endereco === address)?.estado).toBe(
      'sem contato',
    );
    // While all are silent, pictures go on.
    for (const member of cluster.members) member.freeze();
    const seen = stream.pictures.length;
    await soon(
      'no majority',
      () => stream.picture?.consenso?.maioria === false && stream.pictures.length > seen + 3,
    );
    for (const member of cluster.members) member.thaw();
  });
});

it('the panel of a leader and its followers shows roles, followers and their windows', PATIENCE, async () => {
  const [leader, follower] = await Promise.all([1, 2].map(async () => `127.0.0.1:${await freePort()}`));
  if (leader === undefined || follower === undefined) throw new Error('no ports');
  const system = [
    '--motor',
    'lider',
    '--lider',
    leader,
    ...[leader, follower].flatMap((one) => ['--servidores-lider', one]),
  ];
  const [first, second] = await Promise.all(
    [leader, follower].map((address) =>
      start([...system, '--porta-mensagem', address.split(':')[1] ?? ''], address),
    ),
  );
  if (first === undefined || second === undefined) throw new Error('no servers');
  await Promise.all([first, second].map((server) => server.ready()));
  const [atLeader, atFollower] = [look(first), look(second)];
  await soon('a follower that is up to date', () => atLeader.picture?.lider?.seguidores[0]?.em_dia === true);
  expect(atLeader.picture?.lider).toMatchObject({
    ...{
      papel: 'lider',
      lider: leader,
      inteiro: true,
      esperando: 0,
      janela: { mutacoes: 1024, bytes: 4194304 },
    },
    seguidores: [{ endereco: follower, em_dia: true, atraso: 0, mutacoes: 0, bytes: 0 }],
  });
  await soon('its picture', () => atFollower.picture);
  expect(atFollower.picture?.lider).toMatchObject({ papel: 'seguidor', lider: leader, seguidores: [] });
  expect([atLeader.heardBy(leader), atLeader.heardBy(follower)]).toEqual([[follower], [leader]]);
  second.freeze();
  const client = new HttpClient(first.port, '1.1');
  void client.put('/v1/chaves/k', 'v').catch(() => undefined);
  await soon('what waits', () => {
    const now = atLeader.picture?.lider;
    return now?.esperando === 1 && now.seguidores[0]?.mutacoes === 1;
  });
  second.thaw();
  await soon('nothing that waits', () => atLeader.picture?.lider?.esperando === 0);
});
